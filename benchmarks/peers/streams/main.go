// Command streams opens n chat completion streams, c at a time, and prints the time to the first byte, the duration and
// the number of failed streams.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"sync"
	"time"
)

func main() {
	url := flag.String("u", "", "the URL to send requests to")
	c := flag.Int("c", 256, "how many streams are open at once")
	n := flag.Int("n", 2000, "how many streams to open in all")
	flag.Parse()
	body := []byte(`{"model":"m","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"` + string(bytes.Repeat([]byte("x"), 900)) + `"}]}`)
	tr := &http.Transport{MaxIdleConnsPerHost: *c, MaxConnsPerHost: 0}
	cl := &http.Client{Transport: tr, Timeout: 60 * time.Second}
	var mu sync.Mutex
	var ttft, tot []float64
	bad, ev := 0, 0
	ch := make(chan int, *n)
	for i := 0; i < *n; i++ {
		ch <- i
	}
	close(ch)
	var wg sync.WaitGroup
	t00 := time.Now()
	for w := 0; w < *c; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			buf := make([]byte, 8192)
			for range ch {
				t0 := time.Now()
				q, e := http.NewRequest("POST", *url, bytes.NewReader(body))
				if e != nil {
					panic(e)
				}
				q.Header.Set("Content-Type", "application/json")
				q.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
				r, e := cl.Do(q)
				if e != nil {
					mu.Lock()
					bad++
					mu.Unlock()
					continue
				}
				first := 0.0
				var all []byte
				for {
					k, e := r.Body.Read(buf)
					if k > 0 && first == 0 {
						first = float64(time.Since(t0).Microseconds()) / 1000
					}
					all = append(all, buf[:k]...)
					if e != nil {
						if e != io.EOF {
							all = nil
						}
						break
					}
				}
				evs := bytes.Count(all, []byte("data: "))
				r.Body.Close()
				mu.Lock()
				if r.StatusCode != 200 || evs != 51 {
					bad++
				}
				ev += evs
				ttft = append(ttft, first)
				tot = append(tot, float64(time.Since(t0).Microseconds())/1000)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	d := time.Since(t00).Seconds()
	sort.Float64s(ttft)
	sort.Float64s(tot)
	q := func(a []float64, p float64) float64 { return a[int(float64(len(a)-1)*p)] }
	fmt.Printf("streams/s %.0f ttft p50 %.1f p99 %.1f ms total p50 %.0f p99 %.0f ms bad %d n %d\n", float64(*n)/d, q(ttft, .5), q(ttft, .99), q(tot, .5), q(tot, .99), bad, len(tot))
}
