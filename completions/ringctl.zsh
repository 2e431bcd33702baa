#compdef ringctl
# zsh completion for ringctl; print it with `ringctl completion zsh`
_ringctl() {
    local line directive
    local -a lines values options
    lines=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    (( ${#lines} )) || return 1
    directive="${lines[-1]#:}"
    lines[-1]=()
    for line in "${lines[@]}"; do
        # _describe splits at the first colon that is not escaped.
        if [[ $line == *$'\t'* ]]; then
            values+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            values+=("${line//:/\\:}")
        fi
    done
    (( directive & 2 )) && options=(-S '')
    if (( ${#values} )); then
        _describe -V ringctl values "${options[@]}"
    elif (( ! (directive & 4) )); then
        _files
    fi
}
if [[ "${funcstack[1]}" == _ringctl ]]; then
    _ringctl "$@"
else
    compdef _ringctl ringctl
fi
