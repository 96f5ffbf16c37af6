# Clients as a process of their own: each sends the request that comes on
# standard input up to a zero byte, with a receive buffer so small that a sender
# feels at once who does not read. They read so many bytes each, then no more,
# and close nothing. Says "asked" when all have asked, "read" when all have read.
# Ends with standard input.
#
# Arguments: address, port, number of clients, bytes that each reads.
use strict;
use warnings;
use IO::Select;
use Socket;

my ($address, $port, $count, $bytes) = @ARGV;
my $request = do { local $/ = "\0"; <STDIN> };
chomp $request;
$request =~ s/\0$//;
$| = 1;

my (%left, @sockets);
for my $index (1 .. $count) {
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  if ($bytes == 0) {
    setsockopt($socket, SOL_SOCKET, SO_RCVBUF, pack("i", 4096)) or die "SO_RCVBUF: $!";
  }
  connect($socket, sockaddr_in($port, inet_aton($address))) or die "connect: $!";
  syswrite($socket, $request) == length $request or die "write: $!";
  push @sockets, $socket;
  $left{fileno $socket} = $bytes;
}
print "asked\n";

my $select = IO::Select->new($bytes > 0 ? @sockets : ());
while ($select->count > 0) {
  for my $socket ($select->can_read) {
    my $got = sysread($socket, my $piece, 262144);
    $select->remove($socket) if !$got or ($left{fileno $socket} -= $got) <= 0;
  }
}
print "read\n";
<STDIN>;
