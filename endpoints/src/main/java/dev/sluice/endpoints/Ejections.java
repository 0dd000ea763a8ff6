package dev.sluice.endpoints;

import dev.sluice.endpoints.health.Ejection;
import dev.sluice.endpoints.health.EjectionOptions;
import java.util.Collection;

/**
 * The rules on which endpoints of a pool may be out at once, so that the pool is never emptied: at
 * most a part of them, and of every model that an endpoint serves, another endpoint is in. The
 * pool's lock guards the endpoints. O(endpoints * models of the endpoint), only when one would go
 * out or a health has changed.
 */
final class Ejections {
  private Ejections() {}

  /** A request failed on an endpoint. Returns whether it was taken out. */
  static boolean failed(
      Member member,
      long nowNanos,
      boolean isCertain,
      Collection<Member> all,
      EjectionOptions options) {
    return member
        .ejection()
        .failed(
            nowNanos,
            isCertain,
            () -> canSpare(member, all, options),
            () -> failureRateOfPeers(member, all));
  }

  private static boolean canSpare(Member member, Collection<Member> all, EjectionOptions options) {
    var out = 1;
    for (var other : all) {
      out += other != member && other.isEjected() ? 1 : 0;
    }
    return out <= options.mostEjected(all.size()) && hasStandIns(member, all);
  }

  /** Whether every model that an endpoint serves has another endpoint that is in. */
  private static boolean hasStandIns(Member member, Collection<Member> all) {
    if (member.modelNames().isEmpty()) {
      return hasStandIn("", member, all);
    }
    for (var model : member.modelNames()) {
      if (!hasStandIn(model, member, all)) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasStandIn(String model, Member member, Collection<Member> all) {
    for (var other : all) {
      if (other != member && other.isInService() && other.state().servesModel(model)) {
        return true;
      }
    }
    return false;
  }

  private static double failureRateOfPeers(Member member, Collection<Member> all) {
    var requests = 0;
    var failures = 0.0;
    for (var other : all) {
      if (other != member) {
        requests += other.ejection().requests();
        failures += other.ejection().failures(1.0);
      }
    }
    return requests == 0 ? Double.NaN : failures / requests;
  }

  /**
   * Puts those endpoints in again that are missed since a health has changed. Returns whether there
   * was any.
   */
  static boolean reinstateMissed(long nowNanos, Collection<Member> all) {
    var changed = false;
    for (var member : all) {
      if (member.ejection().state() == Ejection.State.OUT
          && member.isHealthy()
          && !hasStandIns(member, all)) {
        changed |= member.reinstated(nowNanos);
      }
    }
    return changed;
  }
}
