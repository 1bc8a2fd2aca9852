# shellcheck shell=bash
# smtpwatch-keys.bash - completion of smtpwatch-keys.
_smtpwatch_keys() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	case $prev in
	-o | --output | --library)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		;;
	-Z | --user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	--pid)
		mapfile -t COMPREPLY < <(cd /proc && compgen -G '[0-9]*' | grep -- "^$cur")
		;;
	-p | --ports) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W '--ports --output --pid --library --all --check
			--check=0 --test --user --help --version -p -o -T -Z -h' -- "$cur")
		;;
	esac
}

complete -F _smtpwatch_keys smtpwatch-keys
