import type { PostgresComponent } from '../../../templates/types.ts';
import type { Piece } from '../../part.ts';
import { standsAlone } from '../../postgres/stands-alone.ts';
import type { PostgresPart } from '../postgres-part.ts';

/** Each database where it belongs: on the server that all labs share, or on one of its lab's own. */
export function eitherServer(shared: PostgresPart, own: PostgresPart): PostgresPart {
  const of = ({ plan, ref }: Piece<PostgresComponent>) =>
    standsAlone(plan.version, ref.component) ? own : shared;
  return {
    ensure: (piece, signal) => of(piece).ensure(piece, signal),
    observe: (piece) => of(piece).observe(piece),
    access: (piece) => of(piece).access(piece),
    address: (piece, port) => of(piece).address(piece, port),
    kill: (piece, signal, abort) => of(piece).kill(piece, signal, abort),
    stop: async (piece, signal) => of(piece).stop?.(piece, signal),
    lacks: shared.lacks,
    resetStatistics: (piece) => of(piece).resetStatistics(piece),
    apiUrl: (piece) => of(piece).apiUrl(piece),
  };
}
