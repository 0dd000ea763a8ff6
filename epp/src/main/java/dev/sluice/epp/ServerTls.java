package dev.sluice.epp;

import java.nio.file.Path;
import java.time.Duration;

/** How a picker's port is secured. Immutable. */
public sealed interface ServerTls {
  /** Not at all: plain text. */
  record Plain() implements ServerTls {}

  /** By TLS with a certificate that is made at the start and signed by nobody else. */
  record SelfSigned() implements ServerTls {}

  /**
   * By TLS with a certificate from files.
   *
   * @param certificate the chain of certificates, in PEM
   * @param key the private key, in PEM (PKCS #8)
   * @param reload how often the files are looked at for a change; zero means never
   */
  record Files(Path certificate, Path key, Duration reload) implements ServerTls {
    public Files {
      if (reload.isNegative()) {
        throw new IllegalArgumentException("reload: got " + reload + ", allowed >= 0");
      }
    }
  }
}
