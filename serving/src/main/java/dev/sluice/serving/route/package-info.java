/** What a request target means, decided once: the operation, and the target that is forwarded. */
@NullMarked
package dev.sluice.serving.route;

import org.jspecify.annotations.NullMarked;
