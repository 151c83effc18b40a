//! The words that nft's scanner does not read as names.

/// Every word that src/scanner.l of nftables 0.7, 1.0 and 1.1 returns as a token of its own in any
/// start condition (before 1.0.1 there are hardly any conditions, and a word is a token everywhere),
/// with some that the grammar compares as strings. Sorted: it is searched by halves.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "a-rwnd", "abort", "accept", "ackseq", "add", "addr", "ah", "all", "and", "arp", "asconf",
    "asconf-ack", "auto-merge", "avgpkt", "bridge", "brpvid", "brvproto", "burst", "bypass",
    "bytes", "cfi", "cgroup", "cgroupv2", "chain", "chains", "check", "checksum", "chunk",
    "classid", "code", "comment", "comp", "constant", "continue", "cookie-ack", "cookie-echo",
    "count", "counter", "counters", "cpi", "cpu", "create", "csumcov", "ct", "cum-tsn-ack", "cwr",
    "daddr", "data", "day", "dccp", "define", "dei", "delete", "describe", "destroy", "device",
    "devices", "direction", "dnat", "doff", "dormant", "dport", "drop", "dscp", "dst", "dup",
    "dynamic", "echo", "ecn", "ecne", "element", "elements", "eol", "eq", "error", "esp", "ether",
    "event", "exists", "exit", "expectation", "expiration", "expires", "export", "exthdr",
    "false", "fanout", "fastopen", "fib", "flags", "flow", "flowlabel", "flowtable", "flowtables",
    "flush", "forward-tsn", "frag", "frag-off", "fully-random", "fwd", "gateway", "gc-interval",
    "ge", "geneve", "get", "goto", "gre", "gretap", "group", "gt", "handle", "hash", "hbh",
    "hdrlength", "heartbeat", "heartbeat-ack", "helper", "helpers", "hlen", "hook", "hooks",
    "hoplimit", "hour", "htype", "ibrhwaddr", "ibriport", "ibrname", "ibrpvid", "ibrvproto",
    "icmp", "icmpv6", "icmpx", "id", "igmp", "iif", "iifgroup", "iifkind", "iifname", "iiftype",
    "import", "in", "inc", "include", "index", "inet", "init", "init-ack", "init-tag",
    "initial-tsn", "insert", "interval", "ip", "ip6", "ipsec", "jhash", "json", "jump", "l3proto",
    "l4proto", "label", "last", "last-entry", "le", "left", "length", "level", "limit", "limits",
    "list", "ll", "log", "lowest-tsn", "lshift", "lsrr", "lt", "map", "maps", "mark",
    "masquerade", "max-delay", "maxseg", "md5sig", "memory", "meta", "meter", "meters", "mh",
    "microsecond", "millisecond", "minute", "missing", "mod", "monitor", "more-fragments",
    "mptcp", "mrt", "mss", "mtu", "name", "nanosecond", "ne", "netdev", "never", "new-cum-tsn",
    "nexthdr", "nexthop", "nf", "nfproto", "nftrace", "nh", "noop", "nop", "not", "notrack",
    "num", "num-dup-tsns", "num-gap-ack-blocks", "num-inbound-streams", "num-outbound-streams",
    "numgen", "obriport", "obrname", "offload", "offset", "oif", "oifgroup", "oifkind", "oifname",
    "oiftype", "operation", "option", "options", "or", "original", "osf", "out", "over",
    "packets", "param-problem", "pcp", "performance", "persistent", "pkttype", "plen", "policy",
    "port", "position", "ppid", "prefix", "priority", "proto", "proto-dst", "proto-src",
    "protocol", "ptr", "ptype", "queue", "queue-threshold", "quit", "quota", "quotas", "ra",
    "random", "rate", "redefine", "redirect", "reject", "rename", "replace", "reply", "reqid",
    "reserved", "reserved2", "reset", "return", "right", "rr", "rshift", "rt", "rt0", "rt2",
    "rtclassid", "rule", "rules", "ruleset", "sack", "sack-perm", "sack-permitted", "sack0",
    "sack1", "sack2", "sack3", "saddr", "sctp", "sdif", "sdifname", "secmark", "secmarks",
    "second", "seed", "seg-left", "seqno", "sequence", "set", "sets", "shutdown", "shutdown-ack",
    "shutdown-complete", "sid", "size", "skgid", "skuid", "snaplen", "snat", "socket", "spi",
    "spnum", "sport", "srh", "ssn", "ssrr", "state", "status", "stream", "subtype", "symhash",
    "synproxy", "synproxys", "table", "tables", "taddr", "tag", "tcp", "th", "time", "timeout",
    "timestamp", "to", "tos", "tproxy", "trace", "transparent", "true", "tsecr", "tsn", "tsval",
    "ttl", "tunnel", "tunnels", "type", "typeof", "udp", "udplite", "undefine", "until", "update",
    "urgptr", "used", "value", "version", "vlan", "vm", "vmap", "vni", "vrf", "vtag", "vxlan",
    "week", "wildcard", "window", "with", "wscale", "xml", "xor", "xt", "zone",
];

/// Whether nft could take `text` for a word of its grammar.
pub(super) const fn is_keyword(text: &str) -> bool {
    let (mut low, mut high) = (0, KEYWORDS.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match compare(KEYWORDS[middle].as_bytes(), text.as_bytes()) {
            0 => return true,
            1 => high = middle,
            _ => low = middle + 1,
        }
    }
    false
}

/// -1, 0 or 1: `Ord::cmp`, which cannot be called in constants yet.
const fn compare(left: &[u8], right: &[u8]) -> i8 {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return if left[index] < right[index] { -1 } else { 1 };
        }
        index += 1;
    }
    if left.len() == right.len() {
        0
    } else if left.len() < right.len() {
        -1
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_word_is_found() {
        assert!(KEYWORDS.is_sorted());
        assert!(KEYWORDS.iter().all(|word| is_keyword(word)));
        assert!(!is_keyword("peers") && !is_keyword("") && !is_keyword("zzz"));
    }
}
