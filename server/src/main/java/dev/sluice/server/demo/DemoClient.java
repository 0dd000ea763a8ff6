package dev.sluice.server.demo;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The tenants' HTTP client. It sends each request at its time, whether or not earlier ones have
 * ended, and records the outcomes. Thread-safe.
 */
final class DemoClient implements AutoCloseable {
  /** The time after which a client stops waiting for an answer. */
  static final Duration PATIENCE = Duration.ofSeconds(15);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final URI target;
  private final String idPrefix;
  private final Map<String, TenantRecord> records;
  private final Map<String, Sent> inFlight = new ConcurrentHashMap<>();
  private final Listener listener;
  private volatile boolean stopped;

  /** Hears when requests are sent and end, for the screen and the audit. */
  interface Listener {
    void sent(String requestId, DemoPlan.Tenant tenant);

    void ended(String requestId, DemoPlan.Tenant tenant, boolean started);
  }

  private record Sent(DemoPlan.Tenant tenant, long atNanos, AtomicBoolean started) {}

  DemoClient(URI gateway, String idPrefix, Map<String, TenantRecord> records, Listener listener) {
    this.target = gateway.resolve("/v1/chat/completions");
    this.idPrefix = idPrefix;
    this.records = records;
    this.listener = listener;
  }

  /**
   * Sends each request at its time. Returns when the last one was sent, or {@link #stop} was
   * called.
   */
  void send(List<DemoPlan.Arrival> arrivals) throws InterruptedException {
    var start = System.nanoTime();
    var number = 0;
    for (var arrival : arrivals) {
      var wait = arrival.atNanos() - (System.nanoTime() - start);
      if (wait > 0) {
        TimeUnit.NANOSECONDS.sleep(wait);
      }
      if (stopped) {
        return;
      }
      send(idPrefix + number++, arrival);
    }
  }

  /** Stops sending. */
  void stop() {
    stopped = true;
  }

  /** Gives up the requests that are still open. */
  void giveUp() {
    for (var open : inFlight.entrySet()) {
      end(open.getKey(), open.getValue(), TenantRecord.End.CUT);
    }
  }

  /** Requests that were sent and have not ended. */
  int inFlight() {
    return inFlight.size();
  }

  /**
   * A model server started a request. Returns the tenant if the request is one of this client's and
   * was started for the first time.
   */
  DemoPlan.@Nullable Tenant started(String requestId, long atNanos) {
    var sent = inFlight.get(requestId);
    if (sent == null || !sent.started.compareAndSet(false, true)) {
      return null;
    }
    record(sent.tenant).started(atNanos - sent.atNanos);
    return sent.tenant;
  }

  private void send(String id, DemoPlan.Arrival arrival) {
    var tenant = arrival.tenant();
    var body =
        "{\"model\":\"demo\",\"stream\":true,\"max_tokens\":"
            + arrival.outputTokens()
            + ",\"messages\":[{\"role\":\"user\",\"content\":\""
            + "word ".repeat(arrival.promptCharacters() / 5)
            + "\"}]}";
    var request =
        HttpRequest.newBuilder(target)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + tenant.apiKey())
            .header("x-request-id", id)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    var sent = new Sent(tenant, System.nanoTime(), new AtomicBoolean());
    inFlight.put(id, sent);
    record(tenant).sent();
    listener.sent(id, tenant);
    var answer = http.sendAsync(request, info -> body(info, sent));
    var _ =
        answer
            .copy()
            .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((response, failure) -> {
              if (failure != null) {
                answer.cancel(true);
              }
              end(id, sent, outcome(response, failure));
            });
  }

  /** Reads an answer to its end, and notes the time of its first byte. */
  private HttpResponse.BodySubscriber<Boolean> body(HttpResponse.ResponseInfo info, Sent sent) {
    var first = new AtomicBoolean(true);
    var finished = new AtomicBoolean();
    return BodySubscribers.mapping(
        BodySubscribers.ofByteArrayConsumer(chunk -> {
          if (chunk.isEmpty()) {
            finished.set(true);
          } else if (info.statusCode() == 200 && first.compareAndSet(true, false)) {
            record(sent.tenant).firstByte(System.nanoTime() - sent.atNanos);
          }
        }),
        nothing -> finished.get());
  }

  private static TenantRecord.End outcome(
      @Nullable HttpResponse<Boolean> response, @Nullable Throwable failure) {
    if (failure != null || response == null) {
      return TenantRecord.End.FAILED;
    }
    if (response.statusCode() == 200) {
      return response.body() ? TenantRecord.End.DONE : TenantRecord.End.FAILED;
    }
    return response.statusCode() == 429 || response.statusCode() == 503
        ? TenantRecord.End.REFUSED
        : TenantRecord.End.FAILED;
  }

  private void end(String id, Sent sent, TenantRecord.End end) {
    if (inFlight.remove(id) == null) {
      return;
    }
    record(sent.tenant).ended(end, sent.started.get());
    listener.ended(id, sent.tenant, sent.started.get());
  }

  private TenantRecord record(DemoPlan.Tenant tenant) {
    var record = records.get(tenant.id());
    if (record == null) {
      throw new IllegalStateException("no record of " + tenant.id());
    }
    return record;
  }

  @Override
  public void close() {
    stop();
    http.shutdownNow();
  }
}
