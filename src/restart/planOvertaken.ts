/** A restart that was planned and not made; it is planned again after a back-off. */
export class PlanOvertaken extends Error {
  override readonly name = 'PlanOvertaken';
}
