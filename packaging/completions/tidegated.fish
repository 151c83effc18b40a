complete -c tidegated -l config -d 'Configuration file [default: /etc/tidegate/tidegated.toml]' -r -F
complete -c tidegated -l socket -d 'Unix socket to listen on [default: /run/tidegate/tidegated.sock]' -r -F
complete -c tidegated -l state-dir -d 'Folder of the state that outlives the daemon [default: /var/lib/tidegate]' -r -F
complete -c tidegated -l nft-driver -d 'How to speak to nftables: libnftables, the nft program, or the better one [default: auto]' -r -f -a "auto\t''
library\t''
exec\t''"
complete -c tidegated -l nft-path -d 'The nft program [default: found in PATH, /usr/sbin or /sbin]' -r -F
complete -c tidegated -l log-level -d 'The least severe messages that are logged [default: info]' -r -f -a "error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c tidegated -l ipv4-pools -d 'Pools from which networks are given IPv4 subnets [default: 10.208.0.0/12:24]' -r
complete -c tidegated -l ipv6-pools -d 'Pools from which networks are given IPv6 subnets [default: fd74:6964:6567::/48:64]' -r
complete -c tidegated -l free-ports -d 'Ports of the host among which a free one is looked for [default: 61000-65535]' -r
complete -c tidegated -l allow -d 'Who may reach published ports that have no list of their own or their network\'s [default: everybody]' -r
complete -c tidegated -l forwarding -d 'Whether the daemon turns on forwarding: set or leave [default: set]' -r
complete -c tidegated -l metrics-listen -d 'Serve metrics for Prometheus on this address [default: nowhere]' -r
complete -c tidegated -l dns -d 'Whether names of endpoints are answered [default: true]' -r -f -a "true\t''
false\t''"
complete -c tidegated -l dns-port -d 'Port of the host at which endpoints\' questions for names arrive [default: 299]' -r
complete -c tidegated -l dns-upstreams -d 'Servers that are asked for all other names [default: those of /etc/resolv.conf]' -r
complete -c tidegated -s V -l version -d 'Print what this program is, and which nft driver it would use here'
complete -c tidegated -l json -d 'With --version: print it as JSON'
complete -c tidegated -s h -l help -d 'Print help (see more with \'--help\')'
