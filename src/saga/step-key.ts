/** `sagaId:step:direction`, as participants get to see it. */
export function stepKey(sagaId: string, step: string, direction: 'forward' | 'compensate'): string {
  return `${sagaId}:${step}:${direction}`;
}
