package dev.sluice.endpoints;

/** What became of a request on its endpoint, as far as it says something of the endpoint. */
public enum Outcome {
  /** The first byte of a good answer's body came. */
  BEGAN,
  /** The endpoint answered, whole and well. */
  SERVED,
  /** The endpoint has too much to do, which is no fault. */
  BUSY,
  /**
   * The endpoint refused the client's credentials. That is the client's fault, unless the peers
   * accept what this endpoint refuses.
   */
  REFUSED,
  /**
   * The endpoint failed: it could not be reached, broke off, was silent for too long, sent what is
   * no answer, or answered with an error of its own.
   */
  FAILED;

  /**
   * What the status of an answer says, if the rest of it arrives.
   *
   * @param withGatewaysKey whether the client had no part in the credentials that were sent
   */
  public static Outcome ofStatus(int status, boolean withGatewaysKey) {
    return switch (status) {
      case 401, 403 -> withGatewaysKey ? FAILED : REFUSED;
      case 429, 503 -> BUSY;
      case 501, 505 -> SERVED; // they answer to what the client asked
      default -> status >= 500 ? FAILED : SERVED;
    };
  }
}
