package guarded

import "sync"

// leastPart is how many changes are worth a statement of their own.
const leastPart = 1000

// parts is how many statements a batch is sent by where it is large.
const parts = 4

// Part is how many of n changes one statement takes.
func Part(n int) int { return max(leastPart, (n+parts-1)/parts) }

// Ahead calls make for one part after another, from 0 until it says that there are no more, and use with what it made: the next part is made while one is used, as
// a program writes its next statement while a server works on the last. It ends with the first error of either.
func Ahead[T any](mk func(part int) (made T, more bool, err error), use func(T) error) error {
	type made struct {
		t   T
		err error
	}
	ready, stop := make(chan made), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(ready)
		for part := 0; ; part++ {
			t, more, err := mk(part)
			select {
			case ready <- made{t, err}:
			case <-stop:
				return
			}
			if err != nil || !more {
				return
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	for m := range ready {
		if m.err != nil {
			return m.err
		}
		if err := use(m.t); err != nil {
			return err
		}
	}
	return nil
}
