// Stands in for Ryuk and speaks its protocol: a client sends lines of filters (`label=name=value`), each answered with
// ACK. Once nobody has been connected for a while, what matches any of them is removed, and the program ends.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const dockerSocket = "/var/run/docker.sock"

var docker = &http.Client{Transport: &http.Transport{
	DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", dockerSocket)
	},
}}

type resource struct {
	ID   string `json:"Id"`
	Name string
}

// ask calls Docker's API and reads its answer into result, if there is one to read.
func ask(method, path string, query url.Values, result any) error {
	request, err := http.NewRequest(method, "http://docker/v1.41"+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := docker.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 && response.StatusCode != http.StatusNotFound {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if result == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(result)
}

// remove takes away all that matches one line of filters: containers first, since they hold the rest.
func remove(filters url.Values) {
	encoded, _ := json.Marshal(map[string][]string(filters))
	query := url.Values{"filters": {string(encoded)}}
	force := url.Values{"force": {"1"}, "v": {"1"}}

	var containers, networks, images []resource
	var volumes struct{ Volumes []resource }
	all := url.Values{"filters": query["filters"], "all": {"1"}}
	report(ask("GET", "/containers/json", all, &containers))
	for _, found := range containers {
		report(ask("DELETE", "/containers/"+found.ID, force, nil))
	}
	report(ask("GET", "/networks", query, &networks))
	for _, found := range networks {
		report(ask("DELETE", "/networks/"+found.ID, nil, nil))
	}
	report(ask("GET", "/volumes", query, &volumes))
	for _, found := range volumes.Volumes {
		report(ask("DELETE", "/volumes/"+found.Name, force, nil))
	}
	report(ask("GET", "/images/json", query, &images))
	for _, found := range images {
		report(ask("DELETE", "/images/"+found.ID, force, nil))
	}
}

func report(err error) {
	if err != nil {
		log.Print(err)
	}
}

func patience(variable string, otherwise time.Duration) time.Duration {
	if given, err := time.ParseDuration(os.Getenv(variable)); err == nil {
		return given
	}
	return otherwise
}

// serve answers one client, and tells each line of filters it has sent.
func serve(client net.Conn, told chan<- url.Values, left chan<- struct{}) {
	defer func() { left <- struct{}{} }()
	defer client.Close()
	lines := bufio.NewScanner(client)
	for lines.Scan() {
		filters, err := url.ParseQuery(strings.TrimSpace(lines.Text()))
		if err != nil || len(filters) == 0 {
			continue
		}
		told <- filters
		fmt.Fprintln(client, "ACK")
	}
}

func main() {
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("Started")
	came, left := make(chan net.Conn), make(chan struct{})
	told := make(chan url.Values)
	go func() {
		for {
			if client, err := listener.Accept(); err == nil {
				came <- client
			}
		}
	}()

	clients, known := 0, map[string]url.Values{}
	alone := time.NewTimer(patience("RYUK_CONNECTION_TIMEOUT", time.Minute))
	for {
		select {
		case client := <-came:
			clients++
			alone.Stop()
			go serve(client, told, left)
		case filters := <-told:
			known[filters.Encode()] = filters
		case <-left:
			if clients--; clients == 0 {
				alone.Reset(patience("RYUK_RECONNECTION_TIMEOUT", 10*time.Second))
			}
		case <-alone.C:
			if clients > 0 {
				continue
			}
			for _, filters := range known {
				remove(filters)
			}
			return
		}
	}
}
