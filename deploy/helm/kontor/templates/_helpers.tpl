{{/* Names, labels and the environment of every process: the one place where wiring is written down. */}}

{{- define "kontor.labels" -}}
app.kubernetes.io/part-of: kontor
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/component: {{ .process }}
{{- end }}

{{- define "kontor.image" -}}
{{- $tag := .root.Values.image.tag | default .root.Chart.AppVersion -}}
{{- with .root.Values.image.repository }}{{ . }}/{{ end }}kontor-{{ .service }}{{ if eq .process "read-texts" }}-ocr{{ end }}:{{ $tag }}
{{- end }}

{{- define "kontor.secret" -}}
{{- $given := index .root.Values.secrets .kind -}}
{{- $given | default (printf "%s-%s" .root.Release.Name (kebabcase .kind)) -}}
{{- end }}

{{- define "kontor.databaseHost" -}}
{{- if .Values.database.evaluation }}{{ .Release.Name }}-postgres{{ else }}{{ required "database.host names the PostgreSQL server (or set database.evaluation)" .Values.database.host }}{{ end -}}
{{- end }}

{{- define "kontor.natsUrl" -}}
{{- if .Values.nats.evaluation }}nats://{{ .Release.Name }}-nats:4222{{ else }}{{ required "nats.url names the NATS cluster (or set nats.evaluation)" .Values.nats.url }}{{ end -}}
{{- end }}

{{- define "kontor.databaseUrl" -}}
postgresql://kontor_{{ .service }}_{{ .role }}@{{ include "kontor.databaseHost" .root }}:{{ .root.Values.database.port }}/kontor_{{ .service }}
{{- end }}

{{/* Name under which a process signs its calls; empty for edges that only pass on the visitor's token. */}}
{{- define "kontor.keyName" -}}
{{- if ne .process "http" }}{{ .service }}{{ else if eq .service "identity" }}identity-http{{ end }}
{{- end }}

{{/* The encryption key that a process uses: the one of cookies, the one of data, or none (the file edge). */}}
{{- define "kontor.encryptionKey" -}}
{{- if eq .process "http" }}{{ if ne .service "vault" }}cookie-key{{ end }}
{{- else if eq .service "identity" }}key-encryption-key
{{- else if and (eq .service "vault") .root.Values.keyEncryption.file }}key-encryption-key{{ end }}
{{- end }}

{{/* Whether a process of the vault asks the Transit engine. */}}
{{- define "kontor.usesTransit" -}}
{{- if and (eq .service "vault") (ne .process "http") .root.Values.keyEncryption.transit.url }}yes{{ end }}
{{- end }}

{{/* Environment of one process: {root, service, process}. */}}
{{- define "kontor.environment" -}}
{{- $root := .root -}}
{{- $config := index $root.Values.services .service -}}
- { name: KONTOR_ENVIRONMENT, value: {{ $root.Values.environment | quote }} }
- { name: KONTOR_LOG_LEVEL, value: {{ $root.Values.logLevel | quote }} }
- { name: KONTOR_METRICS_LISTEN, value: "0.0.0.0:9090" }
- { name: KONTOR_ISSUER, value: {{ $root.Values.publicUrl | quote }} }
{{- with $root.Values.telemetry.otlpEndpoint }}
- { name: KONTOR_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- if eq .process "http" }}
- { name: KONTOR_HTTP_LISTEN, value: "0.0.0.0:8080" }
{{- if eq .service "portal" }}
- { name: KONTOR_GATEWAY_ADDRESS, value: "{{ $root.Release.Name }}-gateway:8081" }
{{- else }}
- { name: KONTOR_{{ upper .service }}_ADDRESS, value: "dns:///{{ $root.Release.Name }}-{{ .service }}-headless:50051" }
{{- end }}
{{- else }}
- { name: KONTOR_DATABASE_URL, value: "{{ include "kontor.databaseUrl" (dict "root" $root "service" .service "role" "app") }}" }
- { name: KONTOR_DATABASE_PASSWORD_FILE, value: /etc/kontor/database/{{ .service }}-app }
- { name: KONTOR_NATS_URL, value: {{ include "kontor.natsUrl" $root | quote }} }
- { name: KONTOR_NATS_REPLICAS, value: {{ ternary 1 $root.Values.nats.streamReplicas $root.Values.nats.evaluation | quote }} }
- { name: KONTOR_GRPC_LISTEN, value: "0.0.0.0:50051" }
- { name: KONTOR_JWKS_URL, value: "http://{{ $root.Release.Name }}-identity-http:8080/oauth/jwks.json" }
- { name: KONTOR_SERVICE_CERTIFICATES_DIR, value: /etc/kontor/certificates }
{{- range $config.calls }}
- { name: KONTOR_{{ upper . }}_ADDRESS, value: "dns:///{{ $root.Release.Name }}-{{ . }}-headless:50051" }
{{- end }}
{{- end }}
{{- with include "kontor.keyName" . }}
- { name: KONTOR_SERVICE_KEY_FILE, value: /etc/kontor/service-key/{{ . }}.key }
{{- end }}
{{- if eq .process "migrate" }}
- { name: KONTOR_MIGRATION_DATABASE_URL, value: "{{ include "kontor.databaseUrl" (dict "root" $root "service" .service "role" "owner") }}" }
- { name: KONTOR_MIGRATION_DATABASE_PASSWORD_FILE, value: /etc/kontor/database/{{ .service }}-owner }
{{- end }}
{{- if or (eq .service "identity") (eq .service "portal") (eq .service "notifications") }}
- { name: KONTOR_PUBLIC_URL, value: {{ $root.Values.publicUrl | quote }} }
{{- end }}
{{- if eq .service "portal" }}
{{- with $root.Values.hostingPlace }}
- { name: KONTOR_HOSTING_PLACE, value: {{ . | quote }} }
{{- end }}
{{- with $root.Values.support }}
- { name: KONTOR_SUPPORT_PHONE, value: {{ .phone | quote }} }
- { name: KONTOR_SUPPORT_HOURS, value: {{ .hours | quote }} }
- { name: KONTOR_SUPPORT_EMAIL, value: {{ .email | quote }} }
{{- end }}
{{- end }}
{{- if or (eq .service "portal") (and (eq .service "identity") (eq .process "http")) }}
- { name: KONTOR_COOKIE_KEY_FILE, value: /etc/kontor/encryption/cookie-key }
{{- end }}
{{- if eq (include "kontor.encryptionKey" .) "key-encryption-key" }}
- { name: KONTOR_KEY_ENCRYPTION_KEY_FILE, value: /etc/kontor/encryption/key-encryption-key }
{{- end }}
{{- if eq .service "vault" }}
- { name: KONTOR_OBJECT_STORE_URL, value: {{ required "objectStore.url says where encrypted content lives" $root.Values.objectStore.url | quote }} }
{{- if and (eq .process "http") (not (hasPrefix "file:" $root.Values.objectStore.url)) }}
{{- /* An object store takes parts of 5 MB, three at a time: 56 uploads at once fit into the process's memory. */}}
- { name: KONTOR_HTTP_THREADS, value: "72" }
{{- end }}
{{- if or (eq .process "http") (eq .process "receive-mail") }}
{{- with $root.Values.malwareScanner.address }}
- { name: KONTOR_MALWARE_SCANNER, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- if ne .process "http" }}
{{- with $root.Values.mailIn.domain }}
- { name: KONTOR_MAIL_DOMAIN, value: {{ . | quote }} }
{{- end }}
{{- if eq .process "receive-mail" }}
- { name: KONTOR_MAIL_LISTEN, value: "0.0.0.0:2525" }
- { name: KONTOR_MAIL_RELAYS, value: {{ $root.Values.mailIn.relays | quote }} }
- { name: KONTOR_MAIL_AUTHSERV_ID, value: {{ $root.Values.mailIn.authservId | quote }} }
{{- end }}
- { name: KONTOR_INTEGRITY_MEGABYTES_PER_MINUTE, value: {{ $root.Values.objectStore.integrityMegabytesPerMinute | quote }} }
{{- with $root.Values.objectStore.replicaUrl }}
- { name: KONTOR_OBJECT_REPLICA_URL, value: {{ . | quote }} }
{{- end }}
{{- if hasKey $config.processes "read-texts" }}
- { name: KONTOR_READS_TEXTS, value: "false" }
{{- end }}
{{- with $root.Values.keyEncryption.transit }}
{{- if .url }}
- { name: KONTOR_TRANSIT_URL, value: {{ .url | quote }} }
- { name: KONTOR_TRANSIT_KEY, value: {{ .key | quote }} }
- { name: KONTOR_TRANSIT_MOUNT, value: {{ .mount | quote }} }
- { name: KONTOR_TRANSIT_TOKEN_FILE, value: /etc/kontor/transit/token }
{{- if .caSecret }}
- { name: KONTOR_TRANSIT_CA_FILE, value: /etc/kontor/transit-ca/ca.pem }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq .service "notifications") (ne .process "http") }}
- { name: KONTOR_SMTP_HOST, value: {{ required "smtp.host names the mail server" $root.Values.smtp.host | quote }} }
- { name: KONTOR_SMTP_PORT, value: {{ $root.Values.smtp.port | quote }} }
- { name: KONTOR_SMTP_STARTTLS, value: {{ $root.Values.smtp.startTls | quote }} }
{{- with $root.Values.smtp.user }}
- { name: KONTOR_SMTP_USER, value: {{ . | quote }} }
- { name: KONTOR_SMTP_PASSWORD_FILE, value: /etc/kontor/smtp/password }
{{- end }}
{{- end }}
{{- end }}

{{/* Secret files of one process: each sees only its own. */}}
{{- define "kontor.volumes" -}}
- { name: tmp, emptyDir: { medium: Memory, sizeLimit: 64Mi } }
{{- if ne .process "http" }}
- name: database
  secret:
    secretName: {{ include "kontor.secret" (dict "root" .root "kind" "databases") }}
    items:
      - { key: {{ .service }}-app, path: {{ .service }}-app }
      {{- if eq .process "migrate" }}
      - { key: {{ .service }}-owner, path: {{ .service }}-owner }
      {{- end }}
- name: certificates
  secret:
    secretName: {{ include "kontor.secret" (dict "root" .root "kind" "serviceKeys") }}
    items:
      {{- range $name, $config := .root.Values.services }}
      {{- if ne $name "portal" }}
      - { key: {{ $name }}.pem, path: {{ $name }}.pem }
      {{- end }}
      {{- end }}
      - { key: identity-http.pem, path: identity-http.pem }
{{- end }}
{{- $keyName := include "kontor.keyName" . }}
{{- if $keyName }}
- name: service-key
  secret:
    secretName: {{ include "kontor.secret" (dict "root" .root "kind" "serviceKeys") }}
    items: [{ key: {{ $keyName }}.key, path: {{ $keyName }}.key }]
{{- end }}
{{- if include "kontor.encryptionKey" . }}
- name: encryption
  secret:
    secretName: {{ include "kontor.secret" (dict "root" .root "kind" "encryption") }}
    items: [{ key: {{ include "kontor.encryptionKey" . }}, path: {{ include "kontor.encryptionKey" . }} }]
{{- end }}
{{- if and (eq .service "notifications") .root.Values.smtp.user }}
- { name: smtp, secret: { secretName: {{ required "secrets.smtp holds the password of smtp.user" .root.Values.secrets.smtp }} } }
{{- end }}
{{- if include "kontor.usesTransit" . }}
{{- $transit := .root.Values.keyEncryption.transit }}
- { name: transit, secret: { secretName: {{ required "keyEncryption.transit.tokenSecret holds the token for keyEncryption.transit.url" $transit.tokenSecret }} } }
{{- with $transit.caSecret }}
- { name: transit-ca, secret: { secretName: {{ . }} } }
{{- end }}
{{- end }}
{{- if and (eq .service "vault") .root.Values.objectStore.claim }}
- { name: objects, persistentVolumeClaim: { claimName: {{ .root.Values.objectStore.claim }} } }
{{- end }}
{{- end }}

{{- define "kontor.mounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if ne .process "http" }}
- { name: database, mountPath: /etc/kontor/database, readOnly: true }
- { name: certificates, mountPath: /etc/kontor/certificates, readOnly: true }
{{- end }}
{{- if include "kontor.keyName" . }}
- { name: service-key, mountPath: /etc/kontor/service-key, readOnly: true }
{{- end }}
{{- if include "kontor.encryptionKey" . }}
- { name: encryption, mountPath: /etc/kontor/encryption, readOnly: true }
{{- end }}
{{- if and (eq .service "notifications") .root.Values.smtp.user }}
- { name: smtp, mountPath: /etc/kontor/smtp, readOnly: true }
{{- end }}
{{- if include "kontor.usesTransit" . }}
- { name: transit, mountPath: /etc/kontor/transit, readOnly: true }
{{- if .root.Values.keyEncryption.transit.caSecret }}
- { name: transit-ca, mountPath: /etc/kontor/transit-ca, readOnly: true }
{{- end }}
{{- end }}
{{- if and (eq .service "vault") .root.Values.objectStore.claim }}
- { name: objects, mountPath: /var/lib/kontor }
{{- end }}
{{- end }}

{{- define "kontor.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "kontor.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
