/** What a policy says of the budget that it shares. */
export function describeBudget(budget: object | undefined): unknown {
  const { name = 'budget', describe } = (budget ?? {}) as { name?: string; describe?: () => unknown };
  return budget && (describe ? describe.call(budget) : name);
}
