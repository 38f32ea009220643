/** What the backend does for one kind of component; `process-driver.ts` has one part for each kind. */
import { LabError } from '../lab/errors.ts';
import type { ComponentObservation } from '../lab/lab.ts';
import type { ComponentAccess, ComponentPort, KillSignal, SandboxPlan } from '../lab/ports.ts';
import type { ComponentKind, ComponentSpec } from '../templates/types.ts';
import type { ResourceRef } from './naming.ts';

/** One component of one sandbox, at the generation that its plan names. */
export interface Piece<Spec extends ComponentSpec = ComponentSpec> {
  readonly plan: SandboxPlan;
  readonly ref: ResourceRef;
  readonly spec: Spec;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Part<Spec extends ComponentSpec = ComponentSpec> {
  /** As the driver's. Never called twice at once for one component. */
  ensure(piece: Piece<Spec>, signal: AbortSignal): Promise<void>;
  observe(piece: Piece<Spec>): Promise<ComponentObservation>;
  access(piece: Piece<Spec>): ComponentAccess;
  /** Null where it does not listen there. */
  address(piece: Piece<Spec>, port: ComponentPort): Address | null;
  kill(piece: Piece<Spec>, signal: KillSignal, abort: AbortSignal): Promise<void>;
  /** As the driver's. Absent: it costs nothing while nobody uses it. */
  stop?(piece: Piece<Spec>, signal: AbortSignal): Promise<void>;
  /** What of it cannot be had on this machine, a sentence each. */
  lacks(component: string, spec: Spec): readonly string[];
}

export type SpecOf<Kind extends ComponentKind> = Extract<ComponentSpec, { readonly kind: Kind }>;
export type Parts = { readonly [Kind in ComponentKind]: Part<SpecOf<Kind>> };

/** Throws LabError `component_not_found`. */
export function pieceOf(plan: SandboxPlan, component: string): Piece {
  const planned = plan.components[component];
  if (planned === undefined) {
    throw new LabError('component_not_found', `The lab has no component "${component}".`);
  }
  const { spec, generation } = planned;
  return { plan, spec, ref: { sandboxId: plan.sandboxId, component, generation } };
}

/** As `pieceOf`, of one kind. Throws LabError `bad_request` for any other. */
export function pieceOfKind<Kind extends ComponentKind>(
  plan: SandboxPlan,
  component: string,
  kind: Kind,
  what: string,
): Piece<SpecOf<Kind>> {
  const piece = pieceOf(plan, component);
  if (piece.spec.kind === kind) return piece as Piece<SpecOf<Kind>>;
  throw new LabError(
    'bad_request',
    `Component "${component}" is of kind ${piece.spec.kind} and has no ${what}.`,
  );
}
