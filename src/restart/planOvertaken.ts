/** Thrown when a planned restart is not made, because the plan no longer holds. It is planned again after a back-off. */
export class PlanOvertaken extends Error {
  override readonly name = 'PlanOvertaken';
}
