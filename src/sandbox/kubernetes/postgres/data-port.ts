/** How data come to a new server: to a port that only it listens on, and only until they are there. */

/** Nothing else ever listens there. */
export const dataPort = 5433;
/**
 * Of a pod whose server has its data: policies let nobody bring any from then on, so that what a trainee runs beside a
 * copy of their server cannot speak with what runs beside the original.
 */
export const receivedLabel = 'labwright.dev/received';
