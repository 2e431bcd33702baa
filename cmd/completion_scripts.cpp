// The completion scripts. Fixed text: everything that depends on the command line is asked of ringctl itself.
#include <fmt/format.h>

#include "base/error.hpp"
#include "cmd/completion.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_bash =
    R"script(# bash completion for ringctl; print it with `ringctl completion bash`
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
)script";

constexpr std::string_view k_zsh = R"script(#compdef ringctl
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
)script";

constexpr std::string_view k_fish =
    R"script(# fish completion for ringctl; print it with `ringctl completion fish`
function __ringctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    test (count $lines) -gt 0; or return
    set -l directive (string sub -s 2 -- $lines[-1])
    set -e lines[-1]
    if test (count $lines) -gt 0
        printf '%s\n' $lines
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path (commandline -ct)
    end
end
complete -c ringctl -f -k -a '(__ringctl_complete)'
)script";

struct CompletionOptions {
  std::string shell;
};

void run_completion(const CompletionOptions& options, Context& context) {
  context.io().text(completion_script(options.shell));
}

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return k_bash;
  return shell == "zsh" ? k_zsh : k_fish;
}

void add_completion(Noun& noun) {
  noun.command<CompletionOptions>(run_completion)
      .without_settings()
      .argument("shell", &CompletionOptions::shell, "the shell to print it for")
      .choices("bash|zsh|fish")
      .details(
          "The script asks ringctl itself what can come next: nouns, verbs, flags, and the numbers, workspaces, "
          "profiles and jobs there are. It only reads, and says nothing when it fails.")
      .example("ringctl completion bash > ~/.local/share/bash-completion/completions/ringctl")
      .example("ringctl completion zsh > ~/.zfunc/_ringctl")
      .example("ringctl completion fish > ~/.config/fish/completions/ringctl.fish")
      .exits({Errc::ok});
}

}  // namespace ringctl::cmd
