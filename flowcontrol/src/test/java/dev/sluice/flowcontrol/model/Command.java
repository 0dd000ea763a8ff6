package dev.sluice.flowcontrol.model;

import java.util.List;
import java.util.Set;

/**
 * One operation on the engine's public API, as a value: a list of them is a test that can be
 * repeated and shrunk. Commands name requests by the number of their offer. A command does nothing
 * if its request is not in the state that it needs, so any part of a list is a valid list.
 */
sealed interface Command {

  /** Commands that differ from this one in one component, which is simpler. */
  default List<Command> simpler() {
    if (this instanceof Offer o) {
      return List.copyOf(Brief.simpler(o, Offer.of(o.number(), o.flow(), o.priority())));
    }
    if (this instanceof Reconfigure r) {
      return List.copyOf(r.knobs().simpler().stream().map(Reconfigure::new).toList());
    }
    if (this instanceof Complete c) {
      return List.of(new Close(c.number()));
    }
    if (this instanceof Pool p) {
      return List.copyOf(
          p.endpoints().stream()
              .map(e -> p.endpoints().stream().filter(other -> other != e).toList())
              .map(Pool::new)
              .toList());
    }
    return List.of();
  }

  /** Offers a request. Times are in ticks from now; 0 for {@code ttl} is for ever. */
  record Offer(
      int number,
      String flow,
      String tenant,
      int priority,
      long sizeBytes,
      int ttl,
      int deadline,
      long inputTokens,
      long maxOutputTokens,
      String model)
      implements Command {

    /** Stands for "not given". */
    static final int UNSET = Integer.MIN_VALUE;

    /** A small request with default values. */
    static Offer of(int number, String flow, int priority) {
      return new Offer(number, flow, "", priority, 1, UNSET, UNSET, 10, 10, "");
    }

    Offer ofTenant(String id) {
      return new Offer(
          number,
          flow,
          id,
          priority,
          sizeBytes,
          ttl,
          deadline,
          inputTokens,
          maxOutputTokens,
          model);
    }

    Offer ofBytes(long bytes) {
      return new Offer(
          number,
          flow,
          tenant,
          priority,
          bytes,
          ttl,
          deadline,
          inputTokens,
          maxOutputTokens,
          model);
    }

    Offer withTtl(int ticks) {
      return new Offer(
          number,
          flow,
          tenant,
          priority,
          sizeBytes,
          ticks,
          deadline,
          inputTokens,
          maxOutputTokens,
          model);
    }

    Offer withDeadline(int ticks) {
      return new Offer(
          number,
          flow,
          tenant,
          priority,
          sizeBytes,
          ttl,
          ticks,
          inputTokens,
          maxOutputTokens,
          model);
    }

    Offer ofTokens(long in, long out) {
      return new Offer(number, flow, tenant, priority, sizeBytes, ttl, deadline, in, out, model);
    }

    @Override
    public String toString() {
      return Brief.of(this, of(0, "", 0));
    }

    Offer forModel(String name) {
      return new Offer(
          number,
          flow,
          tenant,
          priority,
          sizeBytes,
          ttl,
          deadline,
          inputTokens,
          maxOutputTokens,
          name);
    }
  }

  /** The caller of a queued request leaves. */
  record Cancel(int number) implements Command {}

  /** Time passes. */
  record Advance(int ticks) implements Command {}

  /**
   * Time passes, and the alarms that fall due meanwhile are late: they fire at the next command.
   */
  record Lag(int ticks) implements Command {}

  /** A running request ends with this usage. */
  record Complete(int number, long inputTokens, long outputTokens) implements Command {}

  /** A running request's permit is closed without a report. */
  record Close(int number) implements Command {}

  /** A running request reports its use so far. */
  record Progress(int number, long inputTokens, long outputTokens) implements Command {}

  /** A running request goes to an endpoint, or moves there. */
  record Bind(int number, String endpoint) implements Command {}

  /** The pool changes to this one. */
  record Pool(List<Endpoint> endpoints) implements Command {}

  /** The configuration changes to this one. */
  record Reconfigure(Knobs knobs) implements Command {}

  /** No new requests are taken from now on; queued ones have {@code drainTicks} to go. */
  record Shutdown(int drainTicks) implements Command {}

  /**
   * An endpoint.
   *
   * @param models the models that it serves; empty means any
   * @param known whether its KV utilisation is a number
   */
  record Endpoint(String id, Set<String> models, boolean healthy, boolean known) {
    static Endpoint of(String id) {
      return new Endpoint(id, Set.of(), true, true);
    }

    boolean serves(String model) {
      return healthy && (model.isEmpty() || models.isEmpty() || models.contains(model));
    }
  }
}
