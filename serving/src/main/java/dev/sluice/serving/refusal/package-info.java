/** How a refusal reads over HTTP: its status, its reason and when the client may come again. */
@NullMarked
package dev.sluice.serving.refusal;

import org.jspecify.annotations.NullMarked;
