/** E-mail addresses that look like people's and are nobody's. */
import type { RandomSource } from './random.ts';

const first = [
  ...['amara', 'ben', 'carla', 'david', 'elena', 'farid', 'grace', 'hana', 'ivan', 'joana', 'kemal', 'lena'],
  ...['marco', 'nadia', 'oscar', 'priya', 'ravi', 'sofia', 'tomas', 'uma', 'viktor', 'wanda', 'yusuf', 'zoe'],
];
const last = [
  ...['adams', 'baker', 'costa', 'diaz', 'eriksen', 'fischer', 'garcia', 'hughes', 'ito', 'jansen', 'kaya'],
  ...['larsen', 'meyer', 'novak', 'okafor', 'patel', 'quinn', 'rossi', 'silva', 'tanaka', 'vargas', 'weber'],
];

/** Unique but for one in ten million pairs of labs; `example.com` and its kin are reserved, so no mail is ever sent. */
export function drawEmail(random: RandomSource): string {
  const number = random
    .int(0, 36 ** 4 - 1)
    .toString(36)
    .padStart(4, '0');
  const domain = random.pick(['example.com', 'example.net', 'example.org']);
  return `${random.pick(first)}.${random.pick(last)}.${number}@${domain}`;
}
