package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.TenantConfig;
import java.util.ArrayList;
import java.util.List;

/** One tenant: what all its flows use together. Guarded by the core's lock. */
public final class Tenant {
  private final String id;
  private final List<BandTenant> bands = new ArrayList<>(1);
  private TenantConfig config;
  private int queuedRequests;
  private long queuedBytes;
  private int runningRequests;

  Tenant(String id, TenantConfig config) {
    this.id = id;
    this.config = config;
  }

  /** Its name. */
  public String id() {
    return id;
  }

  /** Its weight and limits. */
  public TenantConfig config() {
    return config;
  }

  /** Its queued requests, over all its flows. */
  public int queuedRequests() {
    return queuedRequests;
  }

  /** Its queued bytes, over all its flows. */
  public long queuedBytes() {
    return queuedBytes;
  }

  /** Its permits that are out, over all its flows. */
  public int runningRequests() {
    return runningRequests;
  }

  /** Whether it runs as many requests as it may, so that its queues have to wait. */
  public boolean isAtRunningLimit() {
    return config.maxRunningRequests() > 0 && runningRequests >= config.maxRunningRequests();
  }

  /** Its flows, by the bands in which it has any. */
  List<BandTenant> bands() {
    return bands;
  }

  /** Its flows in a band; made on first use. */
  BandTenant in(Band band) {
    for (var known : bands) {
      if (known.band() == band) {
        return known;
      }
    }
    var added = new BandTenant(this, band);
    bands.add(added);
    return added;
  }

  void config(TenantConfig newConfig) {
    config = newConfig;
  }

  void queued(int requests, long bytes) {
    queuedRequests += requests;
    queuedBytes += bytes;
  }

  void running(int requests) {
    runningRequests += requests;
  }
}
