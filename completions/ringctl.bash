# bash completion for ringctl; print it with `ringctl completion bash`
_ringctl() {
    local line directive word
    local -a lines words
    # The line again, split at blanks only: bash splits at = and : as well.
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    word="${COMP_WORDS[COMP_CWORD]}"
    if declare -F _get_comp_words_by_ref >/dev/null; then
        local cur cword
        _get_comp_words_by_ref -n '=:' cur words cword
        words=("${words[@]:1:cword}")
        word="$cur"
    fi
    mapfile -t lines < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
    COMPREPLY=()
    ((${#lines[@]})) || return 0
    directive="${lines[-1]#:}"
    unset 'lines[-1]'
    for line in "${lines[@]}"; do
        line="${line%%$'\t'*}"
        # Only what comes after the last = or : is replaced.
        if [[ $COMP_WORDBREAKS == *:* && $word == *:* ]]; then
            line="${line#"${word%"${word##*:}"}"}"
        elif [[ $COMP_WORDBREAKS == *=* && $word == --*=* ]]; then
            line="${line#"${word%%=*}="}"
        fi
        COMPREPLY+=("$(printf '%q' "$line")")
    done
    if ((directive & 2)); then
        compopt -o nospace
    fi
    if ((directive & 4)); then
        compopt +o default
    elif ((${#COMPREPLY[@]} == 0)); then
        compopt -o default
    fi
}
complete -F _ringctl ringctl
