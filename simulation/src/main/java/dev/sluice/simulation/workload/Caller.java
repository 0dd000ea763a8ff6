package dev.sluice.simulation.workload;

/**
 * A sender of requests, with the model that it asks for. Immutable.
 *
 * @param tenant the tenant that the flow belongs to, not blank
 * @param flow the flow's id, not blank
 * @param priority the priority of the flow's band, or {@link #CONFIGURED}
 * @param model the model asked for; empty for any
 * @param adapter the LoRA adapter asked for; empty for none
 */
public record Caller(String tenant, String flow, int priority, String model, String adapter) {
  /** The priority of a caller to which the configuration of its tenant gives one, or else 0. */
  static final int CONFIGURED = Integer.MIN_VALUE;

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

  /** This caller with another flow of the same tenant. */
  public Caller withFlow(String flow) {
    return new Caller(tenant, flow, priority, model, adapter);
  }

  /** This caller in another band. */
  public Caller withPriority(int priority) {
    return new Caller(tenant, flow, priority, model, adapter);
  }

  /** This caller with a model and an adapter, of which either may be empty. */
  public Caller withModel(String model, String adapter) {
    return new Caller(tenant, flow, priority, model, adapter);
  }
}
