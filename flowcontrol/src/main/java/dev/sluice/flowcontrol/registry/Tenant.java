package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.TenantConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One tenant: its limits, and what all its flows use together. Guarded by the core's lock. */
public final class Tenant extends Backlog {
  private final String id;
  private final List<BandTenant> bands = new ArrayList<>(1);
  private final DepartureRate departureRate = new DepartureRate();

  /** Made on first use: most tenants are never refused. */
  private @Nullable PromisedReturns promisedReturns;

  private TenantConfig config;
  private int runningRequests;
  private int queues;

  Tenant(String id, TenantConfig config) {
    super(null);
    this.id = id;
    this.config = config;
  }

  /** The tenant's name. */
  public String id() {
    return id;
  }

  /** The tenant's weight and limits. */
  public TenantConfig config() {
    return config;
  }

  /** The permits that requests of the tenant hold, over all its flows. */
  public int runningRequests() {
    return runningRequests;
  }

  /** Whether the tenant runs as many requests as it may, so that its queues have to wait. */
  public boolean isAtRunningLimit() {
    return config.maxRunningRequests() > 0 && runningRequests >= config.maxRunningRequests();
  }

  /** How fast the backlog of all flows of the tenant empties. */
  public DepartureRate departureRate() {
    return departureRate;
  }

  /** When refused callers of the tenant were told to return. */
  public PromisedReturns promisedReturns() {
    var made = promisedReturns;
    if (made == null) {
      made = new PromisedReturns();
      promisedReturns = made;
    }
    return made;
  }

  /** Number of the tenant's queues: one for each class in each band in which its flows have one. */
  int queues() {
    return queues;
  }

  void addQueues(int more) {
    queues += more;
  }

  /** The tenant's part of each band in which it has flows. */
  List<BandTenant> bands() {
    return bands;
  }

  /** The tenant's part of a band, made on first use. */
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

  void reconfigure(TenantConfig newConfig) {
    config = newConfig;
  }

  void addRunning(int requests) {
    runningRequests += requests;
  }
}
