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
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The way of every request through a simulation, which is its way through the gateway: offered to
 * the {@link FlowController}, sent where {@link Attempts} decide, and completed with what it used.
 *
 * <p>If its server goes down while it is there, the request fails: the gateway too sends again only
 * what was most likely never read, unless the operator allows more.
 */
final class Calls {
  private static final double NANOS_PER_SECOND = 1e9;

  private final VirtualTime time;
  private final FlowController controller;
  private final SimulatedPool pool;
  private final Measurements measurements;
  private final long progressTokens;
  private final Consumer<Arrival> onEnd;
  private final ObjLongConsumer<Arrival> onRefusal;
  private final Map<Needs, Eligibility> eligibilities = new HashMap<>();
  private ClientModel clients = ClientModel.EXACT_AND_PATIENT;
  private long offered;
  private boolean over;

  /**
   * No requests yet.
   *
   * @param progressTokens the generated tokens after which a request reports its usage; 0 for never
   * @param onEnd called when a request has ended: served or failed
   * @param onRefusal called when a request was refused or evicted, with the advice when to try
   *     again in nanoseconds, or 0
   */
  Calls(
      VirtualTime time,
      FlowController controller,
      SimulatedPool pool,
      Measurements measurements,
      long progressTokens,
      Consumer<Arrival> onEnd,
      ObjLongConsumer<Arrival> onRefusal) {
    this.time = time;
    this.controller = controller;
    this.pool = pool;
    this.measurements = measurements;
    this.progressTokens = progressTokens;
    this.onEnd = onEnd;
    this.onRefusal = onRefusal;
  }

  /** From now on, clients behave like this. */
  void use(ClientModel newClients) {
    clients = newClients;
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
    var estimated = clients.estimatedInputTokens(arrival);
    var request =
        FlowControlRequest.builder(id, new FlowKey(arrival.flow(), arrival.priority()))
            .tenant(arrival.tenant())
            .sizeBytes(arrival.sizeBytes())
            .arrivedAtNanos(now)
            .inputTokens(estimated)
            .hasMedia(clients.hasMedia(arrival))
            .cachedInputTokens(Math.min(estimated, arrival.cachedInputTokens()))
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
      case Admission.Rejected no ->
          refused(arrival, offeredAt, no.reason().toString(), no.retryAfter());
      case Admission.Evicted no ->
          refused(arrival, offeredAt, no.reason().toString(), no.retryAfter());
    }
  }

  private void refused(Arrival arrival, long offeredAt, String reason, Duration retryAfter) {
    measurements.refused(arrival, offeredAt, time.nanoTime(), reason);
    onRefusal.accept(arrival, retryAfter.toNanos());
  }

  /** A request that was dispatched. */
  private final class Call {
    private final Arrival arrival;
    private final long offeredAt;
    private Attempts attempts;
    private int offersLeft = Attempts.MOST_OFFERS - 1;
    private @Nullable Sending sending;
    private boolean ended;

    Call(Arrival arrival, long offeredAt, Permit permit) {
      this.arrival = arrival;
      this.offeredAt = offeredAt;
      attempts = attempts(permit);
    }

    private Attempts attempts(Permit permit) {
      return new Attempts(pool.endpoints(), eligibility(arrival), permit, false);
    }

    void begin() {
      var patience = clients.patienceNanos(arrival);
      if (patience >= 0) {
        time.at(time.nanoTime() + patience, this::leave);
      }
      proceed(attempts.first());
    }

    /** The client goes away, and with it the request on its server, as through the gateway. */
    private void leave() {
      if (!ended) {
        if (sending != null) {
          sending.server.abort(sending.sequence, time.nanoTime());
        }
        fail();
      }
    }

    /** Sends the request until a server takes it, or gives it up. */
    private void proceed(Attempt decided) {
      var next = decided;
      while (next instanceof Attempt.Send(var endpoint, var fresh)) {
        var server = pool.server(endpoint.id());
        if (!server.isDown()) {
          attempts.sent();
          sending = new Sending(server);
          sending.begin();
          return;
        }
        next = attempts.failed(new Failure.ConnectFailed());
      }
      if (next instanceof Attempt.OfferAgain && offersLeft > 0) {
        offersLeft--;
        attempts.abandon();
        controller.enqueue(request(arrival, offeredAt), this::decidedAgain);
      } else {
        fail();
      }
    }

    private void decidedAgain(Admission outcome) {
      if (outcome instanceof Admission.Dispatched(var permit, var waited)) {
        if (over || ended) {
          permit.complete(Usage.NONE);
          return;
        }
        attempts = attempts(permit);
        proceed(attempts.first());
      } else if (!over && !ended) {
        fail();
      }
    }

    private void complete(Usage used) {
      ended = true;
      attempts.finished();
      measurements.completed(arrival, offeredAt, time.nanoTime());
      attempts.complete(used);
      onEnd.accept(arrival);
    }

    private void fail() {
      ended = true;
      measurements.failed(arrival, time.nanoTime());
      attempts.abandon();
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
        attempts.began();
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
          attempts.brokenOff();
          fail();
        } else {
          proceed(attempts.failed(new Failure.Closed(false)));
        }
      }

      private Usage usage(long outputTokens) {
        return new Usage(arrival.inputTokens(), sequence.cachedTokens(), outputTokens);
      }
    }
  }
}
