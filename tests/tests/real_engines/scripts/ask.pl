# ask.pl tcp|udp HOST PORT SECONDS: prints what serve.pl answers, or "unknown name", or "nothing" if no answer came within
# SECONDS. Until then it asks again.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo);
use IO::Handle;
use Errno qw(EINPROGRESS);

my ($protocol, $host, $port, $seconds) = @ARGV;
my $type = $protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
my $end = time + $seconds;

sub wait_for {
    my ($socket, $write, $limit) = @_;
    my $bits = '';
    vec($bits, fileno($socket), 1) = 1;
    return select($write ? undef : (my $r = $bits), $write ? (my $w = $bits) : undef, undef, $limit) > 0;
}

sub ask {
    my ($to) = @_;
    socket(my $socket, $to->{family}, $type, 0) or return;
    $socket->blocking(0);
    if (!connect($socket, $to->{addr})) {
        return if $! != EINPROGRESS;
        wait_for($socket, 1, 2) or return;
        return if unpack 'i', getsockopt($socket, SOL_SOCKET, SO_ERROR);
    }
    if ($type == SOCK_DGRAM) { send($socket, 'who?', 0) // return }
    my $answer = '';
    while (wait_for($socket, 0, 2)) {
        my $length = sysread($socket, $answer, 512, length $answer);
        return if !defined $length;
        last if !$length || $answer =~ /\n/;
    }
    return $answer =~ /^(.+)\n/ ? $1 : undef;
}

my $result;
while (1) {
    my ($error, @addresses) = getaddrinfo($host, $port, { socktype => $type });
    $result = $error ? 'unknown name' : 'nothing';
    for my $to (@addresses) {
        my $answer = ask($to) // next;
        print "$answer\n";
        exit 0;
    }
    last if time >= $end;
    select(undef, undef, undef, 0.2);
}
print "$result\n";
