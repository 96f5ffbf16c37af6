# Clients as a process of their own: they connect, at most 1,000 a second, then
# say nothing, or drip a header a second behind the first line of a request. Says "open" when all are
# connected, and when all have been closed by the other side the number of
# milliseconds that the first and the last of them lived.
#
# Arguments: port, number of clients, 1 to drip or 0 to be silent.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl;
use Socket;
use Time::HiRes qw(sleep time);

my ($port, $count, $drips) = @ARGV;
$SIG{PIPE} = "IGNORE";
$| = 1;
my @open;
for my $index (1 .. $count) {
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  connect($socket, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
  fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK);
  syswrite($socket, "POST /v1/chat/completions HTTP/1.1\r\n") if $drips;
  push @open, [$socket, time];
  sleep 0.05 if $index % 50 == 0;
}
print "open\n";

my ($first, $last, $next_drip) = (1e9, 0, time + 1);
while (@open) {
  sleep 0.1;
  my $drip = $drips && time >= $next_drip;
  $next_drip = time + 1 if $drip;
  my @left;
  for my $client (@open) {
    my ($socket, $since) = @$client;
    my $got;
    do { $got = sysread($socket, my $piece, 65536) } while $got;
    my $closed = defined $got || ($! != EAGAIN && $! != EINTR);
    if ($closed) {
      my $lived = time - $since;
      $first = $lived if $lived < $first;
      $last = $lived if $lived > $last;
      close $socket;
      next;
    }
    syswrite($socket, "x-a: b\r\n") if $drip;
    push @left, $client;
  }
  @open = @left;
}
printf "%d %d\n", $first * 1000, $last * 1000;
