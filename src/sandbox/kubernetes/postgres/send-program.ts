/**
 * Run where a server has its data, whether it runs or not: sends them over the network as they are at one moment. All
 * other processes are held still meanwhile, so that the copy is what a crash would have left, which a server recovers
 * from; nothing of the server itself is needed for it, which its trainee may have changed.
 *
 * It says `ready`, `nothing` or `large`; then it is told `<address> <token>`. It says `sent` when all has gone. Anything
 * else that it says is what went wrong.
 */
import { serverHome } from '../../containers/postgres/server.ts';
import { mostCopiedBytes } from '../../containers/postgres/servers.ts';
import { dataPort } from './data-port.ts';

const withinSeconds = 300;

const script = String.raw`
use strict; use warnings; use Fcntl ':flock'; use Socket qw(:addrinfo :DEFAULT);
my ($home, $port, $most) = @ARGV;
open STDERR, '>&', \*STDOUT; $| = 1;
chdir $home or die "$home: $!\n";
unless (-e 'data') { print "nothing\n"; exit 0 }
my ($bytes) = split ' ', qx(du -sb --exclude=./lost+found . 2> /dev/null);
if ($bytes > $most) { print "large\n"; exit 0 }
print "ready\n";
defined(my $line = <STDIN>) or exit 1;
my ($ip, $token) = split ' ', $line;

my ($wrong, $at) = getaddrinfo($ip, $port, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
die "$ip: $wrong\n" if $wrong;
my $to;
$SIG{ALRM} = sub { die "the new server cannot be reached: $!\n" };
alarm 20;
for (;;) {
  socket $to, $at->{family}, SOCK_STREAM, 0 or die "socket: $!\n";
  last if connect $to, $at->{addr};
  select undef, undef, undef, 0.05;
}
alarm 0;
syswrite $to, "$token\n";

# Who runs us, and we.
my (%own, %held);
for (my $one = $$; $one; ) {
  $own{$one} = 1;
  open my $stat, '<', "/proc/$one/stat" or last;
  $one = (<$stat> =~ /\) \w (\d+)/) ? $1 : 0;
}
$own{1} = 1;
sub moving {
  opendir my $all, '/proc';
  return grep {
    my $is = 0;
    # Those that are held already are not ours to release.
    if (/^\d+$/ && !$own{$_} && open my $stat, '<', "/proc/$_/stat") { $is = (<$stat> // '') =~ /\) [^TtZX] / }
    $is;
  } readdir $all;
}
sub release { my @all = keys %held; %held = (); kill 'CONT', @all if @all }
$SIG{$_} = sub { release(); exit 1 } for qw(TERM INT HUP PIPE);
# One copy at a time: the end of another would release what we hold.
open my $turn, '>>', '.copied' or die "$home/.copied: $!\n";
$SIG{ALRM} = sub { die "another copy of it does not end\n" };
alarm 100;
flock $turn, LOCK_EX or die "$home/.copied: $!\n";
alarm 0;
for my $try (1 .. 1000) {
  my @all = moving() or last;
  if ($try == 1000) { release(); die "it could not be held still\n" }
  @held{@all} = (); kill 'STOP', @all;
  select undef, undef, undef, 0.003;
}
my $tar = fork // do { release(); die "fork: $!\n" };
unless ($tar) {
  open STDOUT, '>&', $to;
  exec qw(tar c -b 512 --exclude=./.new --exclude=./.copied --exclude=./lost+found --exclude=./data/postmaster.pid .) or exit 1;
}
waitpid $tar, 0;
my $failed = $?;
release();
exit 1 if $failed;
print "sent\n";
`;

export const sendProgram: readonly string[] = [
  ...['timeout', String(withinSeconds), 'perl', '-e', script],
  ...[serverHome, String(dataPort), String(mostCopiedBytes)],
];
