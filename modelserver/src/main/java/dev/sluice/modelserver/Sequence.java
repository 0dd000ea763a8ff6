package dev.sluice.modelserver;

import io.vertx.core.http.HttpServerRequest;

/** One request from its arrival to its end. Confined to the event loop. */
final class Sequence implements Batch.Member {
  final HttpServerRequest request;
  final Json.Ask ask;
  final Fault met;
  final Api api;
  final String id;
  final String adapter;
  final VllmMetrics.Counts counts;
  final int limit;
  final Jitter jitter;
  final long slow;
  final long arrivedNanos;
  int tokens;
  long dueNanos;
  boolean isRunning;
  boolean isReading;
  boolean hasStarted;

  /**
   * A request that has just arrived.
   *
   * @param met the fault that the request meets
   * @param adapter the adapter that the request asks for; empty if it asks for a model
   * @param counts the counts of its model
   * @param arrivedNanos the time of arrival, by {@link System#nanoTime()}
   */
  Sequence(
      HttpServerRequest request,
      Api api,
      Json.Ask ask,
      Fault met,
      String adapter,
      VllmMetrics.Counts counts,
      ModelServerOptions options,
      Jitter jitter,
      long arrivedNanos) {
    this.request = request;
    this.api = api;
    this.ask = ask;
    this.met = met;
    this.adapter = adapter;
    this.counts = counts;
    this.jitter = jitter;
    this.arrivedNanos = arrivedNanos;
    var given = request.getHeader("x-request-id");
    id = given == null ? "" : given;
    var asked = ask.maxTokens() > 0 ? ask.maxTokens() : options.defaultOutputTokens();
    limit = api == Api.EMBEDDING ? 1 : asked;
    slow = met == Fault.SLOW ? options.slowFactor() : 1;
  }

  @Override
  public int kvTokens() {
    return ask.promptTokens() + tokens;
  }

  @Override
  public String adapter() {
    return adapter;
  }
}
