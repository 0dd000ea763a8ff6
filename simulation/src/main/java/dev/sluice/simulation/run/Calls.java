package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.serving.attempts.Attempt;
import dev.sluice.serving.attempts.Attempts;
import dev.sluice.serving.attempts.Failure;
import dev.sluice.simulation.pool.Sequence;
import dev.sluice.simulation.pool.SimulatedPool;
import dev.sluice.simulation.pool.SimulatedServer;
import dev.sluice.simulation.workload.Arrival;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The way of every request through a simulation, which is its way through the gateway: offered to
 * the {@link FlowController}, sent where {@link Attempts} decide, and completed with what it used.
 *
 * <p>A request is repeatable until its first token, like a request whose body the gateway has
 * understood: if its server goes down before, another server gets it.
 */
final class Calls {
  private static final double NANOS_PER_SECOND = 1e9;

  private final VirtualTime time;
  private final FlowController controller;
  private final SimulatedPool pool;
  private final Measurements measurements;
  private final long progressTokens;
  private final Consumer<Arrival> onEnd;
  private final Map<Needs, Eligibility> eligibilities = new HashMap<>();
  private long offered;
  private boolean over;

  /**
   * No requests yet.
   *
   * @param progressTokens the generated tokens after which a request reports its usage; 0 for never
   * @param onEnd called when a request has ended: served, refused or failed
   */
  Calls(
      VirtualTime time,
      FlowController controller,
      SimulatedPool pool,
      Measurements measurements,
      long progressTokens,
      Consumer<Arrival> onEnd) {
    this.time = time;
    this.controller = controller;
    this.pool = pool;
    this.measurements = measurements;
    this.progressTokens = progressTokens;
    this.onEnd = onEnd;
  }

  /** Offers a request to the engine. */
  void offer(Arrival arrival) {
    var now = time.nanoTime();
    measurements.arrived(arrival, now);
    controller.enqueue(request(arrival, now), outcome -> decided(arrival, now, outcome));
  }

  /** Ignores what the engine decides from now on: it evicts what is queued when it is closed. */
  void stop() {
    over = true;
  }

  private FlowControlRequest request(Arrival arrival, long now) {
    var id = "r" + ++offered;
    var request =
        FlowControlRequest.builder(id, new FlowKey(arrival.flow(), arrival.priority()))
            .tenant(arrival.tenant())
            .sizeBytes(arrival.sizeBytes())
            .arrivedAtNanos(now)
            .inputTokens(arrival.inputTokens())
            .cachedInputTokens(arrival.cachedInputTokens())
            .eligibility(eligibility(arrival));
    if (arrival.maxOutputTokens() >= 0) {
      request.maxOutputTokens(arrival.maxOutputTokens());
    }
    if (arrival.sloNanos() >= 0) {
      request.sloTarget(Duration.ofNanos(arrival.sloNanos()));
    }
    if (arrival.ttlNanos() >= 0) {
      request.timeToLive(Duration.ofNanos(arrival.ttlNanos()));
    }
    return request.build();
  }

  private record Needs(String model, String adapter) {
    Eligibility eligibility() {
      return new Eligibility(model, adapter, Set.of());
    }
  }

  private Eligibility eligibility(Arrival arrival) {
    var needs = new Needs(arrival.model(), arrival.adapter());
    return eligibilities.computeIfAbsent(needs, Needs::eligibility);
  }

  private void decided(Arrival arrival, long offeredAt, Admission outcome) {
    if (over) {
      return;
    }
    switch (outcome) {
      case Admission.Dispatched(var permit, var waited) -> {
        measurements.dispatched(arrival, offeredAt, time.nanoTime());
        new Call(arrival, offeredAt, permit).begin();
      }
      case Admission.Rejected no -> refused(arrival, offeredAt, no.reason().toString());
      case Admission.Evicted no -> refused(arrival, offeredAt, no.reason().toString());
    }
  }

  private void refused(Arrival arrival, long offeredAt, String reason) {
    measurements.refused(arrival, offeredAt, time.nanoTime(), reason);
    onEnd.accept(arrival);
  }

  /** A request that was dispatched. */
  private final class Call {
    private final Arrival arrival;
    private final long offeredAt;
    private final Attempts attempts;
    private boolean ended;

    Call(Arrival arrival, long offeredAt, Permit permit) {
      this.arrival = arrival;
      this.offeredAt = offeredAt;
      attempts = new Attempts(pool.endpoints(), eligibility(arrival), permit, true);
    }

    void begin() {
      proceed(attempts.first());
    }

    /** Sends the request until a server takes it, or gives it up. */
    private void proceed(Attempt decided) {
      var next = decided;
      while (next instanceof Attempt.Send(var endpoint)) {
        var server = pool.server(endpoint.id());
        if (!server.isDown()) {
          new Sending(server).begin();
          return;
        }
        next = attempts.failed(new Failure.ConnectFailed());
      }
      fail(Usage.NONE);
    }

    private void complete(Usage used) {
      ended = true;
      measurements.completed(arrival, offeredAt, time.nanoTime());
      attempts.complete(used);
      onEnd.accept(arrival);
    }

    private void fail(Usage used) {
      ended = true;
      measurements.failed(arrival, time.nanoTime());
      attempts.complete(used);
      onEnd.accept(arrival);
    }

    /** The request on one server. */
    private final class Sending implements Sequence.Owner {
      private final SimulatedServer server;
      private final Sequence sequence;
      private final long sentAt = time.nanoTime();
      private boolean started;

      Sending(SimulatedServer server) {
        this.server = server;
        sequence =
            new Sequence(
                this,
                arrival.inputTokens(),
                arrival.cachedInputTokens(),
                arrival.outputTokens(),
                arrival.prefixBlocks());
      }

      void begin() {
        server.submit(sequence, sentAt);
      }

      @Override
      public void started(long now) {
        started = true;
        var uncached = arrival.inputTokens() - sequence.cachedTokens();
        var prefill = uncached / server.model().prefillTokensPerSecond();
        var inServersQueue = now - sentAt - (long) (prefill * NANOS_PER_SECOND);
        measurements.firstToken(arrival, offeredAt, now, inServersQueue);
        attempts.progress(usage(1));
        if (progressTokens > 0) {
          reportAfter(now, progressTokens);
        }
      }

      /**
       * Reports usage as if the server ran this request alone. If a batch slows the server, the
       * report is early.
       */
      private void reportAfter(long startedAt, long tokens) {
        if (tokens >= arrival.outputTokens()) {
          return;
        }
        time.at(
            startedAt + tokens * server.model().perToken().toNanos(),
            () -> {
              if (!ended) {
                attempts.progress(usage(tokens));
                reportAfter(startedAt, tokens + progressTokens);
              }
            });
      }

      @Override
      public void finished(long now) {
        complete(usage(arrival.outputTokens()));
      }

      @Override
      public void failed(long now) {
        if (started) {
          fail(usage(0));
        } else {
          proceed(attempts.failed(new Failure.Closed()));
        }
      }

      private Usage usage(long outputTokens) {
        return new Usage(arrival.inputTokens(), sequence.cachedTokens(), outputTokens);
      }
    }
  }
}
