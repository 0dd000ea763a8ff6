/** {@code ./sluice demo}: four tenants overload a small pool, and flow control keeps order. */
@NullMarked
package dev.sluice.server.demo;

import org.jspecify.annotations.NullMarked;
