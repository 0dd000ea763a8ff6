/** Which tenant and flow a request belongs to, read from its headers. */
@NullMarked
package dev.sluice.serving.identity;

import org.jspecify.annotations.NullMarked;
