package dev.sluice.server.config;

/**
 * {@code gateway.anonymous}: requests without an API key, if any tenant has one. If no tenant is
 * named here, they are refused with 401.
 *
 * @param tenant the id of the tenant that they belong to; empty means that they are refused if any
 *     tenant has a key, and belong to {@code default-flow} if none has
 */
public record AnonymousSection(String tenant) {

  /** The defaults. */
  public static final AnonymousSection DEFAULT = new AnonymousSection("");
}
