# smtpwatch.bash - completion of smtpwatch's command line for bash.
# Parts of it are made from the table of options: make docs.

# begin: names
_smtpwatch_options="--interface= --wait-interface --read= --follow --ports= --check-ports
	--filter= --keylog= --snaplen= --buffer= --promiscuous --checksum --min-severity=
	--severity= --slow-acceptance= --suppress= --fail-on= --output= --gateway=
	--metrics-domains= --redact= --site-key= --local-time --explain= --ladder= --top
	--write-pcap= --write-pcap-memory= --repeat= --digest= --stats-interval= --history=
	--history-names --give-up= --workers= --engine= --max-connections= --memory=
	--idle-timeout= --config= --test --user= --pid-file= --status-socket= --list-alerts
	--version --help"
_smtpwatch_subcommands="status history"
_smtpwatch_severities="none info notice warning error critical"
# end: names

_smtpwatch_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_smtpwatch_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_smtpwatch_folders() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

_smtpwatch_users() {
	mapfile -t COMPREPLY < <(compgen -u -- "$cur")
}

_smtpwatch_interfaces() {
	_smtpwatch_words "any $(sed -n 's/^ *\([^: ]*\):.*/\1/p' /proc/net/dev 2>/dev/null)"
}

_smtpwatch_values() {
	case $1 in
	# begin: values
	-i | --interface) _smtpwatch_interfaces ;;
	-r | --read) _smtpwatch_files ;;
	-p | --ports) : ;;
	--filter) : ;;
	--keylog) _smtpwatch_files ;;
	-s | --snaplen) : ;;
	--buffer) : ;;
	--min-severity) _smtpwatch_words "info notice warning error critical" ;;
	--severity) _smtpwatch_words "221-for-message 250-in-message 221-in-transaction
		221-before-message 221-between-messages 221-to-non-smtp drop-after-message
		drop-in-message drop-in-transaction drop-before-message drop-between-messages
		drop-after-quit server-vanished 421-in-message 421-in-transaction 421-idle
		refused-then-closed refused-yet-taken client-gave-up client-drop-in-message
		client-drop client-no-quit quit-before-acceptance quit-unawaited probe
		connect-refused connect-unanswered clean tls-broken-off tls-closed-unasked
		tls-handshake-failed tls-client-left tls-orderly encrypted unknown
		slow-acceptance" ;;
	--slow-acceptance) : ;;
	--suppress) _smtpwatch_files ;;
	--fail-on) _smtpwatch_words "info notice warning error critical" ;;
	-o | --output) _smtpwatch_words "text json syslog journald prometheus textfile exec http
		csv zeek ecs html" ;;
	--gateway) : ;;
	--metrics-domains) : ;;
	--redact) _smtpwatch_words "none local hash all" ;;
	--site-key) _smtpwatch_files ;;
	--explain) _smtpwatch_words "worst" ;;
	--ladder) _smtpwatch_words "text csv mermaid scenario" ;;
	--write-pcap) _smtpwatch_folders ;;
	--write-pcap-memory) : ;;
	--repeat) : ;;
	--digest) _smtpwatch_words "HH:MM off" ;;
	--stats-interval) : ;;
	--history) _smtpwatch_folders ;;
	--give-up) : ;;
	-j | --workers) : ;;
	--engine) _smtpwatch_words "native nids" ;;
	--max-connections) : ;;
	--memory) : ;;
	--idle-timeout) : ;;
	-c | --config) _smtpwatch_files ;;
	-Z | --user) _smtpwatch_users ;;
	--pid-file) _smtpwatch_files ;;
	--status-socket) _smtpwatch_files ;;
	# end: values
	*) return 1 ;;
	esac
}

_smtpwatch_status() {
	case $1 in
	-o | --output) _smtpwatch_words "text json" ;;
	--recent | --silence) : ;;
	--status-socket) _smtpwatch_files ;;
	*) _smtpwatch_words "--output --nagios --recent --silence --status-socket --help" ;;
	esac
}

# begin: names of outcomes
_smtpwatch_outcomes="open twice later elsewhere all delivered-twice delivered-twice? delivered-later accepted delivered-elsewhere
	bounced refused not-watched lost never pending"
# end: names of outcomes

# smtpwatch history FOLDER [WHAT] [options]
_smtpwatch_history() {
	case $2 in
	--by) _smtpwatch_words "domain hour server" ;;
	-o | --output) _smtpwatch_words "text json csv" ;;
	--fail-on) _smtpwatch_words "$_smtpwatch_outcomes" ;;
	--site-key) _smtpwatch_files ;;
	--since | --now | --give-up | --erase) : ;;
	*)
		if [[ $1 == -* ]]; then
			_smtpwatch_words "--since --now --by --output --fail-on --give-up \
				--site-key --local-time --erase --help"
		elif ((COMP_CWORD == 2)); then
			_smtpwatch_folders
		else
			_smtpwatch_words "$_smtpwatch_outcomes"
		fi
		;;
	esac
}

_smtpwatch() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} before=
	((COMP_CWORD < 2)) || before=${COMP_WORDS[COMP_CWORD - 2]}
	COMPREPLY=()
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == status ]]; then
		_smtpwatch_status "$prev"
		return
	fi
	# bash takes "=" and ":" for words of their own.
	if [[ $cur == [=:] ]]; then
		before=$prev prev=$cur cur=
	fi
	if [[ ${COMP_WORDS[1]-} == history ]] && ((COMP_CWORD > 1)); then
		_smtpwatch_history "$cur" "$prev"
	elif [[ $prev == : ]]; then
		_smtpwatch_files
	elif [[ $prev == '=' && $before == --* ]]; then
		_smtpwatch_values "$before"
	elif [[ $prev == '=' ]]; then
		_smtpwatch_words "$_smtpwatch_severities"
	elif [[ $cur == -* ]]; then
		_smtpwatch_words "$_smtpwatch_options"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
	elif ! _smtpwatch_values "$prev"; then
		_smtpwatch_files
		((COMP_CWORD > 1)) ||
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY \
				< <(compgen -W "$_smtpwatch_subcommands" -- "$cur")
	fi
}

complete -F _smtpwatch smtpwatch
