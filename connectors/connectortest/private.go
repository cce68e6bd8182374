package connectortest

import (
	"context"
	"fmt"
	"net"
	"os"
	osexec "os/exec" // exec runs SQL in this package
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PrivateServer is a server that a test may kill: nobody else uses it.
type PrivateServer struct {
	// DSN names it as ASSAY_TEST_POSTGRES, ASSAY_TEST_MYSQL, ASSAY_TEST_MARIADB or ASSAY_TEST_ELASTICSEARCH would, the last with an account that may do all.
	DSN    string
	name   string
	state  string
	script func(t testing.TB, verb string)
}

// Private starts a server of the test's own ("postgres", "mysql", "mariadb" or "elasticsearch", the last one asking who calls) with durable settings,
// by the script `servers`, whose installed software it shares; it is stopped and removed at the end of the test. Where that script did not install it the test is skipped, or
// fails as NotSetUp says.
func Private(t testing.TB, name string) *PrivateServer {
	t.Helper()
	server(t, name, map[string]string{"postgres": envPostgres, "mysql": envMySQL, "mariadb": envMariaDB, "elasticsearch": envElasticsearch}[name])
	script := filepath.Join(ModuleRoot(t), "connectors", "connectortest", "servers")
	shared := os.Getenv("ASSAY_SERVERS_STATE")
	if shared == "" {
		base := os.Getenv("XDG_STATE_HOME")
		if base == "" {
			base = "/var/tmp"
		}
		shared = filepath.Join(base, "assay-test-servers")
	}
	if b, err := os.ReadFile(filepath.Join(shared, "engine")); err == nil && len(b) > 0 { // #nosec G304 -- the script's own file
		t.Skip(name + ": the servers run in containers, and a private one is a plain process")
	}
	software := filepath.Join(shared, "software")
	if _, err := os.Stat(filepath.Join(software, name+".current")); err != nil && (name == "mysql" || name == "mariadb") {
		NotSetUp(t, name, "the script servers has not installed it")
	}
	if ok, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(ok) == 0 && name == "postgres" {
		NotSetUp(t, name, "it is not installed on this machine")
	}
	if ok, _ := filepath.Glob(filepath.Join(software, "elasticsearch-*", "bin")); len(ok) == 0 && name == "elasticsearch" {
		NotSetUp(t, name, "the script servers has not installed it")
	}
	// Not t.TempDir: the unprivileged account that runs servers must reach it.
	state, err := os.MkdirTemp("/var/tmp", "assay-private-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(state, 0o755); err != nil { // #nosec G302 -- likewise
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	if _, err := os.Stat(software); err == nil {
		if err := os.Symlink(software, filepath.Join(state, "software")); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	env := append(os.Environ(), "ASSAY_SERVERS_STATE="+state, "ASSAY_SERVERS_MODE=native", "ASSAY_SERVERS_DURABLE=1", "ASSAY_SERVERS_SECURE=1",
		fmt.Sprintf("ASSAY_SERVERS_PORT_%s=%d", strings.ToUpper(name), port))
	call := func(t testing.TB, verb string) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute)
		defer cancel()
		cmd := osexec.CommandContext(ctx, script, verb, name) // #nosec G204 -- our own script
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("servers %s %s: %v\n%s", verb, name, err, out)
		}
	}
	t.Cleanup(func() { call(t, "down") })
	call(t, "up")
	p := &PrivateServer{name: name, state: state, script: call, DSN: fmt.Sprintf("postgres://assay:assay@127.0.0.1:%d/assay?sslmode=disable", port)}
	switch name {
	case "elasticsearch":
		p.DSN = fmt.Sprintf("http://elastic:assay@127.0.0.1:%d", port)
	case "mysql", "mariadb":
		p.DSN = fmt.Sprintf("assay:assay@tcp(127.0.0.1:%d)/assay", port)
	}
	return p
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("an address of type %T", l.Addr())
	}
	return addr.Port
}

// Kill ends the server as a crash of the machine would: SIGKILL to its main process and to those that it started.
func (p *PrivateServer) Kill(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.state, "run", p.name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	main, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || main < 2 {
		t.Fatalf("no process id in %q", text)
	}
	pids := append([]int{main}, children(main)...)
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Fatalf("kill %d: %v", pid, err)
		}
	}
}

// Restart starts the server again after Kill, on the data that it had.
func (p *PrivateServer) Restart(t testing.TB) {
	t.Helper()
	// As after a reboot: where nobody reaps the killed process, its number still seems to be taken.
	for _, lock := range []string{"data/postgres/postmaster.pid", "run/.s.PGSQL.*.lock", "run/mysql.sock.lock", "run/" + p.name + ".pid"} {
		found, err := filepath.Glob(filepath.Join(p.state, lock))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.script(t, "up")
}

// children are the processes whose parent is pid.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, path := range stats {
		text, err := os.ReadFile(path) // #nosec G304 -- of /proc
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state parent …; the name may hold anything
		s := string(text)
		f := strings.Fields(s[strings.LastIndex(s, ")")+1:])
		first, _, _ := strings.Cut(s, " ")
		if n, err := strconv.Atoi(first); err == nil && len(f) > 1 && f[1] == strconv.Itoa(pid) {
			out = append(out, n)
		}
	}
	return out
}
