package dev.sluice.simulation.workload;

/**
 * Who sends requests, and for what. Immutable.
 *
 * @param tenant whom the flow belongs to, not blank
 * @param flow the flow's id, not blank
 * @param priority the flow's band
 * @param model the model asked for; empty for any
 * @param adapter the LoRA adapter asked for; empty for none
 */
public record Caller(String tenant, String flow, int priority, String model, String adapter) {
  public Caller {
    if (tenant.isBlank()) {
      throw new IllegalArgumentException("tenant: is blank");
    }
    if (flow.isBlank()) {
      throw new IllegalArgumentException("flow: is blank");
    }
  }

  /** A tenant's only flow, at priority 0, for any model. */
  public static Caller of(String tenant) {
    return new Caller(tenant, tenant, 0, "", "");
  }

  /** As this, another flow of the same tenant. */
  public Caller withFlow(String flow) {
    return new Caller(tenant, flow, priority, model, adapter);
  }

  /** As this, in another band. */
  public Caller withPriority(int priority) {
    return new Caller(tenant, flow, priority, model, adapter);
  }

  /** As this, for a model and an adapter, of which either may be empty. */
  public Caller withModel(String model, String adapter) {
    return new Caller(tenant, flow, priority, model, adapter);
  }
}
