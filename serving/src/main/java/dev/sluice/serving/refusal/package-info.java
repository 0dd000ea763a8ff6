/**
 * The HTTP form of a refusal: the status, the reason, and the time after which the client may come
 * again.
 */
@NullMarked
package dev.sluice.serving.refusal;

import org.jspecify.annotations.NullMarked;
