package dev.sluice.endpoints;

import dev.sluice.endpoints.scheduling.SchedulingRequest;
import java.util.Map;

/** A place on a {@link Member}. The pool's lock guards what changes. */
final class Lease implements EndpointLease {
  private final EndpointPool pool;
  private final Member member;
  private final EndpointConfig endpoint;
  private final long promptTokens;
  private final Map<String, String> answerHeaders;
  private boolean promptRead;
  private boolean closed;

  /** The place of a request that was counted there just now; called under the pool's lock. */
  Lease(EndpointPool pool, Members members, Member member, SchedulingRequest request) {
    this.pool = pool;
    this.member = member;
    endpoint = member.config();
    promptTokens = request.inputTokens();
    answerHeaders = members.answerHeaders(request, member);
  }

  @Override
  public EndpointConfig endpoint() {
    return endpoint;
  }

  @Override
  public Map<String, String> answerHeaders() {
    return answerHeaders;
  }

  @Override
  public void report(Outcome outcome) {
    if (outcome == Outcome.BEGAN) {
      pool.locked(all -> promptRead());
    }
    pool.report(member, outcome);
  }

  @Override
  public void close() {
    pool.locked(all -> {
      if (!closed) {
        closed = true;
        member.released();
        promptRead();
      }
      return closed;
    });
  }

  private boolean promptRead() {
    if (!promptRead) {
      promptRead = true;
      member.promptRead(promptTokens);
    }
    return true;
  }
}
