package dev.sluice.epp;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A new key and a certificate that the key itself has signed. It encrypts, and proves nothing of
 * the picker: a proxy has to accept any certificate, as upstream's configuration of Envoy does.
 *
 * @param key the private key, on the curve P-256
 * @param certificate valid for ten years
 */
record SelfSignedCertificate(PrivateKey key, X509Certificate certificate) {
  private static final X500Principal NAME = new X500Principal("O=Sluice, CN=endpoint-picker");
  private static final Duration VALID = Duration.ofDays(3650);
  private static final int SERIAL_BITS = 127;

  static SelfSignedCertificate create() {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      var pair = generator.generateKeyPair();
      var from = Instant.now().minus(Duration.ofHours(1)); // for clocks that are behind
      var builder =
          new JcaX509v3CertificateBuilder(
              NAME,
              new BigInteger(SERIAL_BITS, new SecureRandom()),
              Date.from(from),
              Date.from(from.plus(VALID)),
              NAME,
              pair.getPublic());
      var signed =
          builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()));
      return new SelfSignedCertificate(
          pair.getPrivate(), new JcaX509CertificateConverter().getCertificate(signed));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("this Java platform cannot make a certificate", e);
    }
  }
}
