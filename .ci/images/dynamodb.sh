#!/usr/bin/env bash
# DynamoDB Local itself, from Maven Central, on the machine's Java; the command line is the original image's.
set -euo pipefail
. ./root.sh
version=${1##*:}
root=$WORK/dynamodb pom=$WORK/dynamodb-pom
home=$root/home/dynamodblocal
java_home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")

mkdir -p "$pom"
# The version of the AWS SDK that DynamoDB Local's own POM names cannot be had whole: its bill of materials is newer.
cat >"$pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>topline</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
  <dependencyManagement><dependencies><dependency>
    <groupId>software.amazon.awssdk</groupId><artifactId>bom</artifactId><version>2.54.15</version>
    <type>pom</type><scope>import</scope>
  </dependency></dependencies></dependencyManagement>
  <dependencies><dependency>
    <groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>$version</version>
  </dependency></dependencies>
</project>
POM

make_root "$root"
mkdir -p "$home" "$root/opt/java"
(cd "$pom" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/DynamoDBLocal_lib")
rm -f "$home"/DynamoDBLocal_lib/*.{dll,dylib} "$home"/DynamoDBLocal_lib/*i386.so

# A JAR of a manifest alone: `java -jar DynamoDBLocal.jar` finds the main class and the libraries.
mkdir -p "$pom/jar/META-INF"
{
  echo "Manifest-Version: 1.0"
  echo "Main-Class: software.amazon.dynamodb.services.local.main.ServerRunner"
  echo "Class-Path: DynamoDBLocal_lib/DynamoDBLocal-$version.jar"
  (cd "$home" && ls DynamoDBLocal_lib/*.jar | grep -v "/DynamoDBLocal-" | sed 's/^/  /; s/$/ /')
} >"$pom/jar/META-INF/MANIFEST.MF"
python3 - "$pom/jar" "$home/DynamoDBLocal.jar" <<'PY'
import sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w") as jar:
    jar.write(f"{sys.argv[1]}/META-INF/MANIFEST.MF", "META-INF/MANIFEST.MF")
PY

tar -C "$java_home" -chf - --exclude=src.zip --exclude='lib/ct.sym' --exclude='*.diz' bin/java conf lib release 2>/dev/null |
  tar -C "$root/opt/java" -xf - || [ -f "$root/opt/java/lib/modules" ]
{
  echo "$java_home/bin/java"
  find "$java_home/lib" "$home/DynamoDBLocal_lib" -name '*.so' ! -name 'libawt*' ! -name 'libjawt*' ! -name 'libsplash*' ! -name 'libfontmanager*'
} | take_libraries "$root"
chmod -R a+rX "$root/home" "$root/opt"
chmod 1777 "$home"
import "$root" "$1" 'ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin' 'ENV JAVA_HOME=/opt/java' 'USER app' \
  'WORKDIR /home/dynamodblocal' 'EXPOSE 8000' 'ENTRYPOINT ["java"]' 'CMD ["-jar","DynamoDBLocal.jar","-inMemory"]'
