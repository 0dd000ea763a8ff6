package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.NoParameters;
import dev.sluice.flowcontrol.framework.PluginProvider;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;

/** Every flow may queue as much as the hard limits allow. Type {@code none}. Stateless. */
public final class AdmitAll implements QueueAdmissionPolicy {

  /** A policy. */
  public AdmitAll() {}

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    return true;
  }

  /** Makes them for configuration. Stateless. */
  public static final class Provider implements PluginProvider<QueueAdmissionPolicy, NoParameters> {

    /** For {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public String type() {
      return "none";
    }

    @Override
    public Class<QueueAdmissionPolicy> kind() {
      return QueueAdmissionPolicy.class;
    }

    @Override
    public NoParameters defaults() {
      return NoParameters.INSTANCE;
    }

    @Override
    public QueueAdmissionPolicy create(NoParameters parameters) {
      return new AdmitAll();
    }
  }
}
