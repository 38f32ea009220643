/**
 * Run where a server waits for its data: takes them over the network, from whoever knows the token, and puts them in
 * their place when they are whole and it is told so. It is over with its input, and leaves nothing half done.
 *
 * It says `have` (nothing to be done), or `want <address>`; then it is told the token. It says `whole` when all has come;
 * then it is told files as `<name> <hex>`, and `go`; it says `done`. Anything else that it says is what went wrong.
 */
import { serverHome } from '../../containers/postgres/server.ts';
import { dataPort } from './data-port.ts';

const withinSeconds = 300;

const script = String.raw`
# IO::Socket would take 80 ms to load.
use strict; use warnings; use Socket qw(:addrinfo :DEFAULT SO_REUSEADDR);
my ($home, $port) = @ARGV;
open STDERR, '>&', \*STDOUT; $| = 1;
chdir $home or die "$home: $!\n";
sub look { if (-e 'data') { print "have\n"; exit 0 } }
look();
my ($ip) = split " ", qx(hostname -i);
my ($wrong, $at) = getaddrinfo($ip, $port, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
die "$ip: $wrong\n" if $wrong;
socket my $listen, $at->{family}, SOCK_STREAM, 0 or die "socket: $!\n";
setsockopt $listen, SOL_SOCKET, SO_REUSEADDR, 1;
# Another may be at it.
until (bind $listen, $at->{addr}) { look(); wait_for(0.1) }
look();
listen $listen, 8 or die "listen: $!\n";
my $is_mine = $$;
END { system 'rm', '-rf', '.new' if $is_mine && $is_mine == $$ }
$SIG{$_} = sub { exit 1 } for qw(TERM INT HUP PIPE);
system 'rm', '-rf', '.new';
mkdir '.new' or die "$home/.new: $!\n";
print "want $ip\n";
defined(my $token = <STDIN>) or exit 1;

# Those of them that can be read, within so many seconds; for ever without.
sub wait_for {
  my ($seconds, @them) = @_;
  my $bits = '';
  vec($bits, fileno $_, 1) = 1 for @them;
  select $bits, undef, undef, $seconds;
  return grep { vec $bits, fileno $_, 1 } @them;
}
my $from;
until ($from) {
  for my $ready (wait_for(undef, $listen, \*STDIN)) {
    # Who wanted it has gone.
    exit 1 if fileno $ready == 0;
    accept my $one, $listen or next;
    my $said = '';
    while (length $said < length $token && wait_for(5, $one)) {
      sysread $one, $said, length($token) - length $said, length $said or last;
    }
    $from = $one if $said eq $token;
  }
}
close $listen;
my $tar = fork // die "fork: $!\n";
unless ($tar) { open STDIN, '<&', $from; exec qw(tar x -b 512 -C .new) or exit 1 }
close $from;
waitpid $tar, 0;
exit 1 if $?;
print "whole\n";

while (defined(my $line = <STDIN>)) {
  chomp $line;
  if ($line ne 'go') {
    my ($name, $hex) = split / /, $line, 2;
    system 'rm', '-rf', "./.new/$name";
    sysopen my $file, ".new/$name", 0301, 0600 or die "$name: $!\n";
    print $file pack 'H*', $hex; close $file or die "$name: $!\n";
    next;
  }
  -d '.new/data' or die "no data have come\n";
  opendir my $new, '.new';
  # The data last: with them it is done.
  for my $name (grep { !/^(\.|\.\.|data)$/ } readdir $new) {
    system 'rm', '-rf', '--', $name;
    rename ".new/$name", $name or die "$name: $!\n";
  }
  rename '.new/data', 'data' or die "data: $!\n";
  print "done\n";
  exit 0;
}
exit 1;
`;

export const receiveProgram: readonly string[] = [
  ...['timeout', String(withinSeconds), 'perl', '-e', script],
  ...[serverHome, String(dataPort)],
];
