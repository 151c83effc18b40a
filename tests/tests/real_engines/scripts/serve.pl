# serve.pl NAME PORT...: answers every TCP connection and every UDP datagram with NAME and the address that it sees.
use strict;
use warnings;
use Socket;

my ($name, @ports) = @ARGV;
$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';

# A socket for both families. The family may be turned off in the namespace: this still serves the other one.
sub listener {
    my ($type, $port) = @_;
    socket(my $socket, AF_INET6, $type, 0) or die "socket: $!";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack 'i', 1) or die "setsockopt: $!";
    setsockopt($socket, Socket::IPPROTO_IPV6, Socket::IPV6_V6ONLY, pack 'i', 0) or die "setsockopt: $!";
    bind($socket, Socket::pack_sockaddr_in6($port, Socket::IN6ADDR_ANY)) or die "bind: $!";
    if ($type == SOCK_STREAM) { listen($socket, 64) or die "listen: $!" }
    return $socket;
}

sub answer {
    my ($peer) = @_;
    my (undef, $address) = Socket::unpack_sockaddr_in6($peer);
    $address = Socket::inet_ntop(AF_INET6, $address);
    $address =~ s/^::ffff://;
    return "$name $address\n";
}

my @streams = map { listener(SOCK_STREAM, $_) } @ports;
my @datagrams = map { listener(SOCK_DGRAM, $_) } @ports;
my $waited = '';
vec($waited, fileno($_), 1) = 1 for @streams, @datagrams;
while (1) {
    next if select(my $ready = $waited, undef, undef, undef) < 1;
    for my $socket (grep { vec($ready, fileno($_), 1) } @streams) {
        my $peer = accept(my $connection, $socket) or next;
        syswrite($connection, answer($peer));
        close($connection);
    }
    for my $socket (grep { vec($ready, fileno($_), 1) } @datagrams) {
        my $peer = recv($socket, my $question, 512, 0) // next;
        send($socket, answer($peer), 0, $peer);
    }
}
