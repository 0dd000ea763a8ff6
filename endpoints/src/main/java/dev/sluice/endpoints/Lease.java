package dev.sluice.endpoints;

import dev.sluice.endpoints.scheduling.SchedulingRequest;

/** A place on a {@link Member}. The pool's lock guards what changes. */
final class Lease implements EndpointLease {
  private final EndpointPool pool;
  private final Member member;
  private final EndpointConfig endpoint;
  private final long promptTokens;
  private boolean promptRead;
  private boolean closed;

  /** The place of a request that was counted there just now; called under the pool's lock. */
  Lease(EndpointPool pool, Member member, SchedulingRequest request) {
    this.pool = pool;
    this.member = member;
    endpoint = member.config();
    promptTokens = request.inputTokens();
  }

  Member member() {
    return member;
  }

  @Override
  public EndpointConfig endpoint() {
    return endpoint;
  }

  @Override
  public void report(Outcome outcome) {
    pool.report(this, outcome);
  }

  @Override
  public void close() {
    pool.locked(all -> leave());
  }

  private boolean leave() {
    if (!closed) {
      closed = true;
      member.released();
      promptRead();
    }
    return closed;
  }

  /** The endpoint has read the prompt, or the request has ended. Called under the pool's lock. */
  void promptRead() {
    if (!promptRead) {
      promptRead = true;
      member.promptRead(promptTokens);
    }
  }
}
