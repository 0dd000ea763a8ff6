package dev.sluice.gateway;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The requests that may give way to others when memory is short, in the order in which they do: of
 * the lowest band the tenant that holds most, and of that tenant the largest request. Sizes are
 * compared to within a factor of two. O(bands) for each call. Not thread-safe.
 */
final class GivingOrder {
  private final TreeMap<Integer, Band> bands = new TreeMap<>();

  private static final class Band {
    private final Map<String, Tenant> tenants = new HashMap<>();
    private final SizeClasses<Tenant> bySize = new SizeClasses<>();
    private long bytes;
  }

  private static final class Tenant {
    private final SizeClasses<BodyBudget.Share> shares = new SizeClasses<>();
    private long bytes;
  }

  /** Takes over a new size of a request; 0 is the size of a request that is not in the order. */
  void resized(BodyBudget.Share share, long from, long to) {
    var band = bands.computeIfAbsent(share.priority(), ignored -> new Band());
    var tenant = band.tenants.computeIfAbsent(share.tenant(), ignored -> new Tenant());
    var before = tenant.bytes;
    tenant.bytes += to - from;
    band.bytes += to - from;
    tenant.shares.resized(share, from, to);
    band.bySize.resized(tenant, before, tenant.bytes);
    if (tenant.bytes == 0) {
      band.tenants.remove(share.tenant());
      if (band.tenants.isEmpty()) {
        bands.remove(share.priority());
      }
    }
  }

  /** The bytes of all requests below a priority. */
  long bytesBelow(int priority) {
    return bands.headMap(priority).values().stream().mapToLong(band -> band.bytes).sum();
  }

  /** The request that gives way first. There has to be one. */
  BodyBudget.Share first() {
    var tenant = bands.firstEntry().getValue().bySize.largest();
    var share = tenant == null ? null : tenant.shares.largest();
    if (share == null) {
      throw new IllegalStateException("a band without requests is in the order");
    }
    return share;
  }

  /**
   * The request of the newcomer's band that gives way to it: one of another tenant that afterwards
   * still has at least as much as the newcomer's tenant then has. So it could not be reversed.
   *
   * @param bytes the bytes that the newcomer takes
   */
  BodyBudget.@Nullable Share exchangedFor(BodyBudget.Share newcomer, long bytes) {
    var band = bands.get(newcomer.priority());
    if (band == null) {
      return null;
    }
    var takes = band.tenants.get(newcomer.tenant());
    var gives = band.bySize.largestExcept(takes);
    var share = gives == null ? null : gives.shares.largest();
    var least = (takes == null ? 0 : takes.bytes) + bytes;
    return gives == null || share == null || gives.bytes - share.bytes() < least ? null : share;
  }
}
