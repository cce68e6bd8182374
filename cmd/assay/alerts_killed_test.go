package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestKilledWhileTelling: a run that is killed after its message is written and before it is taken has its message delivered by the next run; the receiver sees one
// key, whether it had taken the message or not.
func TestKilledWhileTelling(t *testing.T) {
	for name, takes := range map[string]bool{"before the receiver takes it": false, "after it has taken it, before it answers": true} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			taken := map[string]int{}
			asked, release := make(chan struct{}), make(chan struct{})
			first := true
			hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				hang := first
				first = false
				if !hang || takes {
					if !signed(r.Header.Get("Assay-Signature"), "hmac-secret", body) {
						t.Error("the signature is wrong")
					}
					taken[r.Header.Get("Idempotency-Key")]++
				}
				mu.Unlock()
				if hang {
					close(asked)
					<-release // the sender is dead by then
				}
			}))
			defer hook.Close()
			dir := t.TempDir()
			for file, text := range map[string]string{
				"data/orders.csv": "id,n\n1,-1\n2,1\n",
				"suite.yaml": `suite: shop
connections: {here: {driver: files, path: data}}
notify: {webhook: {url: "` + hook.URL + `", secret: hmac-secret}}
datasets: {orders: {connection: here, file: orders.csv, key: [id], expectations: [{id: positive, expect: row.n >= 0}]}}
`,
			} {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			assay := func(args ...string) *exec.Cmd {
				cmd := exec.CommandContext(t.Context(), "assay", args...) // testscript.Main puts the program into the PATH
				cmd.Dir = dir
				return cmd
			}
			killed := assay("run", "suite.yaml")
			if err := killed.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-asked:
			case <-time.After(time.Minute):
				t.Error("it never asked")
			}
			if err := killed.Process.Kill(); err != nil {
				t.Error(err)
			}
			_ = killed.Wait() // killed
			close(release)
			if files, _ := filepath.Glob(filepath.Join(dir, ".assay", "outbox", "*.json")); len(files) != 1 {
				t.Fatalf("the outbox has %v", files)
			}
			if err := os.WriteFile(filepath.Join(dir, "data", "orders.csv"), []byte("id,n\n1,1\n2,1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := assay("run", "suite.yaml").CombinedOutput(); err != nil { // which has no message of its own
				t.Fatalf("%v\n%s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			want := 1
			if takes {
				want = 2
			}
			if len(taken) != 1 {
				t.Fatalf("the receiver saw the keys %v", taken)
			}
			for key, n := range taken {
				if _, err := os.Stat(filepath.Join(dir, ".assay", "runs", key, "report.json")); n != want || err != nil {
					t.Errorf("the key %s came %d times, not %d; %v", key, n, want, err)
				}
			}
			if files, _ := filepath.Glob(filepath.Join(dir, ".assay", "outbox", "*.json")); len(files) != 0 {
				t.Errorf("the outbox still has %v", files)
			}
		})
	}
}
